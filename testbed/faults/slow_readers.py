LINES = []
