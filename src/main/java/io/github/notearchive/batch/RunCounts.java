package io.github.notearchive.batch;

/**
 * Counts of a run, as {@code src/docs/run-summary.md} defines them. Each number only grows. The names of the components
 * are the names in JSON, metrics, messages and the console.
 *
 * @param notes notes that were not archived before
 * @param refreshes archived notes that were fetched again
 * @param bytesReceived bytes of response bodies of media servers, failed attempts included
 */
public record RunCounts(
        Notes notes, RefreshCounts refreshes, FileCounts files, FailedDownloads downloads, long bytesReceived) {

    /** Counts of a run that has done nothing yet. */
    public static final RunCounts NONE = new RunCounts(
            new Notes(0, 0, 0, 0, 0, 0),
            new RefreshCounts(0, 0, 0, 0, 0, 0, 0),
            new FileCounts(0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
            new FailedDownloads(0, 0, 0),
            0);

    /** Returns the number of notes that this run will not process again. */
    public long done() {
        return notes.archived() + notes.unavailable() + notes.failed() + refreshes.done();
    }

    /** Notes by disposition; a note counts at each postponement. */
    public record Notes(long archived, long unavailable, long postponed, long failed, long released, long erased) {}

    /** Refreshes of archived notes; the four components after {@code refreshed} count those with a difference. */
    public record RefreshCounts(
            long refreshed,
            long changedCounts,
            long changedText,
            long changedFiles,
            long restored,
            long unavailable,
            long postponed) {

        /** Returns the number of archived notes whose refresh was tried. */
        public long done() {
            return refreshed + unavailable + postponed;
        }
    }

    /**
     * Media files of notes.
     *
     * @param deduplicated files that the store already had, found after the download
     * @param reused files with the source id of a stored file, for which no request was sent
     * @param degraded files of notes archived by this run in a lesser rendition than the best one offered
     * @param differing files stored although their length or MD5 is not that of the response
     * @param requests requests to media servers, which are not billed
     */
    public record FileCounts(
            long stored,
            long bytesStored,
            long deduplicated,
            long bytesDeduplicated,
            long reused,
            long bytesReused,
            long upgraded,
            long degraded,
            long differing,
            long requests) {}

    /**
     * Failed downloads of expected files by remedy, thus without previews. A file counts at each attempt.
     *
     * @param expired every URL has expired: only a new response helps
     * @param retryable error of network or server: another attempt helps
     * @param rejected no URL is allowed by the address filter: another setting helps
     */
    public record FailedDownloads(long expired, long retryable, long rejected) {}
}
