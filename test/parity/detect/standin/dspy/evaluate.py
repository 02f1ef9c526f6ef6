class SemanticF1:
    def __init__(self, decompositional=False):
        pass
