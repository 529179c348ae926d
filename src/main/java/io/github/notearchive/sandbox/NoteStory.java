package io.github.notearchive.sandbox;

import java.util.HexFormat;

/**
 * What happens to a note from day to day. It follows from the place of its id in the sequence of ids, so that each
 * practice of sixty notes has some of each.
 */
enum NoteStory {
    GROWS,
    IS_EDITED,
    VANISHES,
    /** One of its files is on no server. */
    LACKS_A_FILE,
    /** Each call about it is refused with code 400. */
    IS_REFUSED;

    /** Day from which notes are edited or vanish, when all of them can have been archived. */
    static final int CHANGES_FROM = 3;

    private static final int INDEX_DIGITS = 8;

    static NoteStory of(String noteId) {
        int index = HexFormat.fromHexDigits(noteId, noteId.length() - INDEX_DIGITS, noteId.length());
        return switch (Math.floorMod(index, 60)) {
            case 4, 19, 34, 49 -> IS_EDITED;
            case 7, 27, 47 -> VANISHES;
            case 11 -> LACKS_A_FILE;
            case 41 -> IS_REFUSED;
            default -> GROWS;
        };
    }
}
