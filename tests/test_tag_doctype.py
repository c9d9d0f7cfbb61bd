"""Claims about the type of a document."""

import pytest
from facts_views import view

from tracker.model import DocType
from tracker.tag import doctype

PAGES = {
    "forum": (
        "https://www.reddit.com/r/researchchemicals/comments/abc/first_time",
        "First time with bromazolam, anyone else?",
        "I took 1 mg last night and lol I remember nothing. Anyone else? My friend was fine.\nu/someone\n2 points",
    ),
    "legal_notice": (
        "https://www.federalregister.gov/documents/2024/05/01/x",
        "Schedules of Controlled Substances: Placement of Bromazolam in Schedule I",
        "AGENCY: Drug Enforcement Administration.\nACTION: Notice of proposed rulemaking.\n"
        "SUMMARY: DEA proposes to place bromazolam in schedule I of the Controlled Substances Act.",
    ),
    "journal_article": (
        "https://pubmed.ncbi.nlm.nih.gov/12345/",
        "Bromazolam in postmortem casework: a case series",
        "Abstract\nBackground: Bromazolam is a designer benzodiazepine.\nMethods: Blood was analysed by LC-MS/MS.\n"
        "Results: The median was 20 ng/mL.\nConclusions: Laboratories should include it.",
    ),
    "news": (
        "https://www.bbc.co.uk/news/uk-scotland-123",
        "Two die after taking street Valium, police say",
        'Police said on Tuesday that two men died in Dundee. "Do not take them," a spokesman said.',
    ),
    "marketing": (
        "https://www.sunriserecovery.com/blog/bromazolam-addiction",
        "Bromazolam Addiction: Signs and Treatment",
        "Call us today. Our treatment center offers detox and rehab. Verify your insurance and get help now.",
    ),
    "factsheet": (
        "https://www.medicines.org.uk/emc/files/pil.1.pdf",
        "Diazepam tablets: patient information leaflet",
        "Package leaflet: Information for the user. Keep this leaflet. Ask your doctor or pharmacist. "
        "4. Possible side effects. 5. How to store diazepam tablets",
    ),
    "official_alert": (
        "https://health.gov.example/drug-alerts/bromazolam",
        "Drug alert: bromazolam in fake Xanax",
        "Public drug warning. Fake Xanax bars contain bromazolam. Signs of an overdose: slow breath. Carry naloxone.",
    ),
    "report": (
        "https://www.unodc.org/documents/annual-report.pdf",
        "Annual report 2023: trends and statistics",
        "This report gives statistics. Table 3: seizures by quarter. Key findings: the number of samples rose by 12%.",
    ),
    "other": (
        "https://mykitchen.blogspot.com/recipe",
        "Pumpkin spice recipe",
        "Mix cinnamon, nutmeg and two tablespoons of sugar. My favourite recipe for autumn.",
    ),
}


@pytest.mark.parametrize("kind", PAGES)
def test_each_type_is_told_from_address_title_and_wording(kind: DocType) -> None:
    url, title, text = PAGES[kind]
    assert doctype.classify(view(text, title=title, url=url)) == kind


def test_vendor_copy_is_marketing() -> None:
    text = "Shop our kratom powder and capsules. Free shipping, add to cart, discount for customers. Chat with us."
    assert doctype.classify(view(text, title="Buy kratom", url="https://bestkratomshop.com/products")) == "marketing"


def test_what_the_operator_declares_decides_where_the_text_says_little() -> None:
    text = "Bromazolam was found in two samples."
    assert doctype.classify(view(text, kind="official_alert")) == "official_alert"
    assert doctype.classify(view(text, kind="report")) == "report"


def test_a_declared_type_gives_way_to_a_clear_text() -> None:
    url, title, text = PAGES["legal_notice"]
    assert doctype.classify(view(text, title=title, url=url, kind="forum")) == "legal_notice"


@pytest.mark.parametrize("kind", [kind for kind in doctype.DOCTYPES if kind != "other"])
def test_a_text_that_says_nothing_of_its_type_keeps_the_declared_one(kind: DocType) -> None:
    assert doctype.classify(view("Bromazolam.", kind=kind)) == kind


OFFERS = [
    "Buy clonazolam 1mg pellets. Price $45 for 100. Discreet shipping. Add to cart.",
    "Our lab-tested MXE is in stock. Order now, worldwide shipping. Not for human consumption.",
    "Bromazolam 2 mg, 100 Stück, 89 EUR. Jetzt bestellen. Diskreter Versand nach ganz Europa.",
]


@pytest.mark.parametrize("text", OFFERS)
@pytest.mark.parametrize("kind", [None, "news", "report"])
def test_what_a_shop_says_is_marketing_wherever_it_stands(text: str, kind: str | None) -> None:
    assert doctype.classify(view(text, title="Clonazolam pellets", kind=kind)) == "marketing"


@pytest.mark.parametrize("kind", ["official_alert", "legal_notice", "journal_article"])
def test_an_alert_may_tell_what_shops_say(kind: str) -> None:
    assert doctype.classify(view(f"The site says: {OFFERS[0]}", kind=kind)) != "marketing"


def test_one_phrase_of_a_shop_in_the_news_is_no_offer() -> None:
    url, title, text = PAGES["news"]
    assert doctype.classify(view(f"{text} The website offered free delivery.", title=title, url=url)) == "news"


def test_an_unknown_declared_type_changes_nothing() -> None:
    url, title, text = PAGES["news"]
    assert doctype.classify(view(text, title=title, url=url, kind="no such type")) == "news"


def test_an_empty_document_has_a_type() -> None:
    assert doctype.classify(view("")) in doctype.DOCTYPES


PAGE = "Bromazolam is a benzodiazepine. " + "It acts on the brain and slows breath. " * 120 + "\n\n"


@pytest.mark.parametrize(
    "ending",
    [
        "Recovery is possible. Tap to GET HELP NOW: (844) 318-0000",
        "Our detox is open day and night. Call us today at 1-888-555-0100.",
    ],
)
def test_who_asks_to_be_called_at_the_end_of_a_page_on_treatment_sells(ending: str) -> None:
    assert doctype.classify(view(PAGE + ending, title="Bromazolam")) == "marketing"
    assert doctype.classify(view(PAGE + ending, title="Bromazolam", kind="official_alert")) == "official_alert"
    assert doctype.classify(view(PAGE + "Recovery is possible.", title="Bromazolam")) != "marketing"


def test_the_help_line_of_all_poison_centers_sells_nothing() -> None:
    page = PAGE + "Treatment takes time. Get help today: Poison Help 1-800-222-1222."
    assert doctype.classify(view(page, title="Bromazolam")) != "marketing"
