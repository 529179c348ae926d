package io.github.notearchive.export;

/** Treatment of personal data: authors and mentioned people. */
public enum AuthorMode {
    /** All data is exported. */
    KEEP,
    /** Ids are replaced by pseudonyms, equal for the same person; names and pictures are omitted. */
    HASH,
    /** All columns with personal data are omitted. */
    OMIT
}
