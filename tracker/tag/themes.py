from tracker.model import ThemeTag
def find(view, mentions):
    return ()
