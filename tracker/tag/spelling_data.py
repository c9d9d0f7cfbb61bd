"""What languages do to names, stems that no typo may cross, ordinary words that lie close to a name."""

from __future__ import annotations

# Applied in this order to a folded name; afterwards double letters are one.
RESPELLED: tuple[tuple[str, str], ...] = (
    ("ph", "f"), ("th", "t"), ("sch", "sk"), ("ch", "k"), ("ck", "k"), ("qu", "k"), ("x", "ks"), ("c", "k"),
    ("ts", "s"), ("z", "s"), ("w", "v"), ("y", "i"), ("j", "i"), ("iili", "il"), ("h", ""), ("ae", "e"), ("oe", "e"),
    ("anfet", "amfet"), ("nfetamin", "mfetamin"), ("ossi", "oksi"), ("ilo", "il"), ("fluoro", "fluor"),
    ("kloro", "klor"), ("bromo", "brom"), ("iodo", "iod"),
)  # fmt: skip

# Before letters are changed one by one: groups that Russian writes in its own way.
CYRILLIC_GROUPS: tuple[tuple[str, str], ...] = (
    ("хл", "chl"), ("гидр", "hidr"), ("гекс", "heks"), ("гепт", "hept"), ("геро", "hero"),
)  # fmt: skip

CYRILLIC: dict[str, str] = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "i", "ь": "", "э": "e", "ю": "iu", "я": "ia",
    "і": "i", "ї": "i", "є": "e",
}  # fmt: skip

# Case endings, plurals and articles, in skeleton form (no h, y as i, doubles single).
ENDINGS = frozenset(
    """s es e en er ens et ets a as an ar am ami ak o os om ov ovi ova ove ou u un um uv i is ie iem ii im in iv ia
    ei ene ena eno ina ine ini ino inas inos inek ami ak nak nek t ot at ok ek ban ben bol nal nel val ral rol oz
    ta tia sa ista isa ila ile ia it ikin kin iin iini inia inin iniin iinista ksi le la ja ssa
    erna erne den dan ten tan nin ul ului eriet enet inu inem ini ins inum inid inin oi oiu iu em e""".split()
)

# A word with one of these stems is never corrected: its neighbours are other substances.
GUARDED = (
    r"azolam|azepam|zepam|zolam|nitazen|azene|itazep|fentan[iy]l|orphine|cathinon|katinon|drone$|ylone|[iy]lon[ae]?$|inaca|mica$|pica$|"
    r"nbome|tryptamin|phenidate|phenethylamin|pegaclone|oxetamine|xetamine|barbital|lysergamid|caine$|idine$(?<!medetomidine)"
)

# Words of other things that are one edit or an ending away from a name.
ORDINARY = frozenset(
    """methylene ethylene propylene butylene pentylene hexylene morphing morphines heroine heroines heroin's heroically
    cannabic quinidine serotonin melanin gelatin keratin creatine dopamine histamine nicotinic nicotinamide
    atropin ecstatic ecstasies phenols phenolic phenytoin pethidin opinion opioid opioids cathedral cathedrals theine
    cannibal cannibals cannibalism promethean valerian valerate butanol butane-diol ketones ketamin's codeines
    methadon's barbitone benzoin benzodiazepin benzodiazepine benzodiazepines benzodiazepina benzodiazepinas
    amphetaminic tryptophan lidocain's tropical tropicana captain captains paxton ativa lorient tavern nootropic
    nootropics metanona methanone ethylamino methylamino""".split()
)

# What German, Dutch and the Nordic languages glue to a drug's name ("Kokainproben", "ecstasypillen"), folded.
COMPOUND_TAILS = tuple(
    """probe proben konsum konsumenten konsument handel handler missbrauch missbrauchs abhangigkeit abhangige abhangigen
    sucht suchtige suchtigen uberdosis uberdosen uberdosierung vergiftung vergiftungen tablette tabletten pille pillen
    pulver schmuggel schmuggler fund funde lieferung lieferungen produkt produkte produkten gebrauch besitz krise
    epidemie tote toten todesfall todesfalle pflaster tropfen spray verkauf markt therapie einnahme entzug intoxikation
    intoxikationen haltige haltigen haltiges haltig labor labore mischung mischungen gemisch anbau blute bluten
    gebruik gebruiker gebruikers verslaving verslaafde verslaafden smokkel poeder pil tablet doden vergiftiging
    vergiftigingen productie lab labs pleister pleisters gebruikt vangst vangsten
    missbruk missbrukare missbruket tabletter tablett smuggling beslag forgiftning forgiftningar overdos overdoser
    dodsfall anvandning anvandare beroende plaster produkter piller pulvret
    misbrug misbrugere misbruger misbruk misbrukere misbruker smugling beslaget forgiftninger overdose overdosis
    overdosedodsfall bruk brug brugere brukere avhengighet afhaengighed dode krisen krise""".split()
)
