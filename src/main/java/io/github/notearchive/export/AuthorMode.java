package io.github.notearchive.export;

/** What an export says of people: authors, and those whom a note names. */
public enum AuthorMode {
    /** All that the archive knows. */
    KEEP,
    /** A pseudonym in place of the id, the same for the same person; neither names nor pictures. */
    HASH,
    /** Nothing: there are no such columns. */
    OMIT
}
