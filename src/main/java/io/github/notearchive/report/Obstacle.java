package io.github.notearchive.report;

/**
 * What stands between a note and its end, told apart by what somebody can do about it. The names stand in
 * {@code run_summary.left_over}.
 */
public enum Obstacle {
    /** Given up: a file is gone for good, all the others are there. */
    MEDIA_INCOMPLETE(
            "A file is gone for good, or its tries are used up; all other files are there",
            "note-archive waive NOTE_ID KIND ORDINAL --reason TEXT",
            "accepts the gap without a call, and the note is archived once none is left; requeue NOTE_ID buys another answer, probably in vain"),
    /** Given up: the provider refuses the request as such. */
    REJECTED(
            "The provider rejects the request, mostly since the id is wrong",
            "note-archive explain NOTE_ID",
            "shows the call and its request id, without a call; enqueue the right id, or requeue NOTE_ID, which asks once more"),
    /** Given up: asked as often as a note is asked about in its life. */
    GIVEN_UP(
            "Asked as often as a note is asked about, always in vain",
            "note-archive requeue --state FAILED",
            "makes all notes that are FAILED due, with counters at 0; each costs at least one more ask, which may be billed"),
    /** Given up for another reason. */
    FAILED_OTHERWISE(
            "Given up for another reason",
            "note-archive explain NOTE_ID",
            "tells why, without a call; requeue NOTE_ID makes it due again"),
    /** Put off by the provider: 301 and its like. */
    PROVIDER(
            "Put off by the provider (301 and its like)",
            "nothing to do",
            "a later run asks again; requeue NOTE_ID makes it due at once"),
    /** A success without the note, which is believed on a second night only. */
    NOT_IN_ANSWER(
            "The answer was a success without the note",
            "nothing to do",
            "asked once more on a later night, then UNAVAILABLE"),
    /** Its answer is there, and all addresses that it has for a file are dead. */
    DEAD_ADDRESSES(
            "All addresses of a file are dead",
            "nothing to do",
            "one new answer is bought in the next night, since it may have other addresses; with archive.ledger.buy-again: false none is bought"),
    /** Its answer is there, and a file could not be had yet. */
    FILES(
            "A file could not be had yet",
            "nothing to do",
            "a later run tries again, without a call while the answer is fresh"),
    /** All is there but the video, whose call was not made or brought nothing. */
    VIDEO(
            "All is there but the video, which takes a call of its own",
            "nothing to do",
            "a later run makes the call; archive.video.calls-per-night bounds them"),
    /** Something in the program went wrong with this note. */
    UNFORESEEN(
            "Something unforeseen happened in the program",
            "read the log",
            "the note comes up again by itself; please file a defect");

    /** Tells by the row of a note, alias {@code w}, which of these it is. */
    static final String SQL = "worklist_obstacle(w.state, w.last_code, w.last_error)";

    private final String meaning;
    private final String command;
    private final String effect;

    Obstacle(String meaning, String command, String effect) {
        this.meaning = meaning;
        this.command = command;
        this.effect = effect;
    }

    /** What it means, a sentence without its stop. */
    public String meaning() {
        return meaning;
    }

    /** The command that deals with it, or that there is nothing to do. */
    public String command() {
        return command;
    }

    /** What the command does, or what happens without one. */
    public String effect() {
        return effect;
    }
}
