package io.github.notearchive.archive.worklist;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reason of a note's state: why it is not archived, or why the last refresh of an archived note failed. Classified by
 * what an operator can do.
 *
 * <p>The names are the values of {@code worklist.reason}, {@code worklist_count.reason} and
 * {@code run_summary.open_notes}. Details of a single note are in {@code worklist.detail}, which no code reads.
 */
public enum StateReason {
    // of notes that are FAILED
    MEDIA_INCOMPLETE(
            "A file is gone permanently, or its retries are exhausted; all other files are stored",
            "note-archive waive --filter 'state:failed media-reason:gone' --reason TEXT",
            "shows the gone files, and with --yes accepts that they are missing, without a call; a retry of a GONE "
                    + "file is pointless"),
    REJECTED(
            "The provider rejects the request, mostly since the id is wrong",
            "note-archive explain NOTE_ID",
            "shows the call; then enqueue the right id, or requeue NOTE_ID, which makes one more call"),
    RETRIES_EXHAUSTED(
            "All calls that a note may take failed",
            "note-archive requeue --state FAILED",
            "makes all FAILED notes due, with counters at 0; each takes at least one more call"),
    WRITE_FAILED(
            "The database rejects the rows of the response",
            "note-archive explain NOTE_ID",
            "shows the error; requeue NOTE_ID makes it due again"),
    // of notes that are UNAVAILABLE
    NOT_FOUND("The provider has no such note, or no longer", "a later run checks again; what was archived is kept"),
    // of notes that are POSTPONED
    PROVIDER_ERROR("The provider returned an error (301 and similar)", "a run makes another call when it is due"),
    NOTE_ABSENT("The response was a success without the note", "one more call in a later night, then UNAVAILABLE"),
    URLS_EXPIRED(
            "All URLs of a file have expired",
            "one new response is bought in a later night, unless archive.ledger.buy-again is false"),
    MEDIA_PENDING(
            "A file could not be downloaded yet",
            "a later run tries again, without a call while the response is fresh"),
    STORE_ERROR(
            "The object store rejects a file of the note",
            "note-archive check",
            "writes and reads a test object; a later run tries again, without a call while the response is fresh"),
    VIDEO_PENDING(
            "Only the video is missing, which takes a separate call",
            "a later run makes the call; archive.video.calls-per-night limits them"),
    RESPONSE_PENDING(
            "An earlier call has no recorded response; another node may hold it",
            "the recovery of that node records it; without it, a day after the call, a run makes another one"),
    CALLS_ENDED("The note needs a call, and the run made no more calls", "the run of the next night makes the call"),
    INTERNAL_ERROR(
            "The program failed with an unexpected error",
            "read the log",
            "the note is due again by itself; please report the error");

    private final String meaning;
    private final String command;
    private final String effect;

    StateReason(String meaning, String effect) {
        this(meaning, "no action needed", effect);
    }

    StateReason(String meaning, String command, String effect) {
        this.meaning = meaning;
        this.command = command;
        this.effect = effect;
    }

    /** Returns a sentence without its full stop. */
    public String meaning() {
        return meaning;
    }

    /** Returns the command that resolves it, or that no action is needed. */
    public String command() {
        return command;
    }

    /** Returns the command for a note of this reason; for an unknown one the command that lists the notes. */
    public String command(@Nullable String note) {
        return note == null && command.contains("NOTE_ID")
                ? "note-archive list reason:" + name().toLowerCase(Locale.ROOT)
                : command.replace("NOTE_ID", String.valueOf(note));
    }

    /** Returns what the command does, or what happens without one. */
    public String effect() {
        return effect;
    }
}
