package io.github.notearchive.export;

/** What a column holds, as far as an export treats it in a way of its own. */
enum Content {
    /** Data like any other. */
    PLAIN,
    /** Tells one person from another: made a pseudonym, or left out. */
    PERSON_ID,
    /** Says who a person is: left out unless people are kept. */
    PERSON,
    /** Says something of an author without saying who: left out only with all of it. */
    AUTHOR_TRAIT,
    /** Where a file lies in the store. */
    OBJECT_KEY,
    /** Where a file can be fetched for a while; made from its key. */
    OBJECT_URL,
    /** Where a file lies in the export; made from its key. */
    OBJECT_PATH;

    boolean isPartOf(AuthorMode authors, MediaMode media) {
        return switch (this) {
            case PLAIN -> true;
            case PERSON_ID, AUTHOR_TRAIT -> authors != AuthorMode.OMIT;
            case PERSON -> authors == AuthorMode.KEEP;
            case OBJECT_KEY -> media != MediaMode.NONE;
            case OBJECT_URL -> media == MediaMode.PRESIGNED;
            case OBJECT_PATH -> media == MediaMode.COPY;
        };
    }
}
