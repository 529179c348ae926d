package io.github.notearchive.job;

import io.github.notearchive.catalog.SchemaDrift;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run did, and how it ended.
 *
 * @param exitCode how it ended
 * @param reason why, for a person to read
 * @param execution its row in {@code batch_job_execution}; null when no execution was started
 * @param instance the job instance that it belongs to; null when no execution was started
 * @param restart whether it continued an unfinished instance
 * @param archived notes that reached their end complete
 * @param unavailable notes that are not there, or no longer
 * @param postponed times that a note was put off
 * @param failed notes that were given up
 * @param released notes that were handed back untouched
 * @param forgotten notes of whose answers nothing was kept, since their authors are forgotten
 * @param files what became of the notes' files
 * @param calls requests to the provider
 * @param billed of those, how many are charged
 * @param boughtAgain of the billed ones, those for notes whose files were dead at the addresses of
 *     an earlier answer
 * @param maybeBilled of those, how many may be charged
 * @param videos of the calls, those for videos
 * @param newFields fields of answers that were never seen before
 * @param refreshes what became of archived notes that were asked about anew, which none of the
 *     counts above has, but for those of files and calls
 * @param took from the start to the end
 */
public record RunSummary(
        ExitCode exitCode,
        String reason,
        @Nullable Long execution,
        @Nullable Long instance,
        boolean restart,
        long archived,
        long unavailable,
        long postponed,
        long failed,
        long released,
        long forgotten,
        Files files,
        long calls,
        long billed,
        long boughtAgain,
        long maybeBilled,
        Videos videos,
        List<SchemaDrift.Found> newFields,
        Refreshes refreshes,
        Duration took) {

    /**
     * What became of the notes' files.
     *
     * @param stored files stored, without those that were there already
     * @param bytes bytes stored
     * @param known files whose bytes were in the store already, found after the download
     * @param bytesKnown bytes that were therefore not uploaded
     * @param takenOver files that another note, or another place of the same one, had under the
     *     same name, so that no request was made
     * @param bytesTakenOver bytes that were therefore not downloaded
     * @param improved files that were there in a lesser rendition and are there in a better one now
     * @param requests requests to media servers, which cost nothing
     */
    public record Files(
            long stored,
            long bytes,
            long known,
            long bytesKnown,
            long takenOver,
            long bytesTakenOver,
            long improved,
            long requests) {

        static final Files NONE = new Files(0, 0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * The calls for videos.
     *
     * @param enabled whether any are made
     * @param calls requests to the provider
     * @param billed of those, how many are charged
     * @param maybeBilled of those, how many may be charged
     * @param tonight how many were made in this night, by whatever run and node
     * @param allowed our own limit of them in a night; 0 is none
     */
    public record Videos(
            boolean enabled,
            long calls,
            long billed,
            long maybeBilled,
            long tonight,
            long allowed) {

        static final Videos NONE = new Videos(false, 0, 0, 0, 0, 0);
    }

    /**
     * What became of archived notes that were asked about anew.
     *
     * @param notes those with a new answer; the next three count those of them that
     * @param counts have other counts than before,
     * @param words another title or text,
     * @param files or a file that they did not have
     * @param back of those with a new answer, those that were UNAVAILABLE meanwhile
     * @param gone notes that are no longer there, and keep what was archived
     * @param putOff notes left to a later night
     * @param due notes that are due still
     * @param calls requests to the provider
     * @param billed of those, how many are charged
     * @param maybeBilled of those, how many may be charged
     * @param tonight how many were made in this night, by whatever run and node
     * @param allowed our own limit of them in a night; 0 is none
     */
    public record Refreshes(
            long notes,
            long counts,
            long words,
            long files,
            long back,
            long gone,
            long putOff,
            long due,
            long calls,
            long billed,
            long maybeBilled,
            long tonight,
            long allowed) {

        static final Refreshes NONE = new Refreshes(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

        /** Whether there is anything to tell. */
        public boolean any() {
            return notes + gone + putOff + due + calls > 0;
        }
    }

    /** A run that ended before an execution began: nothing was asked, nothing changed. */
    public static RunSummary notStarted(ExitCode exitCode, String reason, Duration took) {
        return new RunSummary(
                exitCode,
                reason,
                null,
                null,
                false,
                0,
                0,
                0,
                0,
                0,
                0,
                Files.NONE,
                0,
                0,
                0,
                0,
                Videos.NONE,
                List.of(),
                Refreshes.NONE,
                took);
    }
}
