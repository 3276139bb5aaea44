"""
The published language: versioned events that systems tell each other through the console.

One file per subject; ``registry.py`` knows every version; ``schemas/`` holds the exported JSON
Schemas, and ``compatibility.py`` refuses a change that would break a reader.
"""
