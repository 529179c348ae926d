package io.github.notearchive.batch;

/**
 * Counts of a run in progress. Each number only grows.
 *
 * @param notes notes that were not archived before
 * @param refreshed archived notes with a new response
 * @param refreshesGone archived notes that are no longer available
 * @param refreshesPostponed archived notes whose refresh was postponed to a later night
 * @param files media files of the notes
 * @param downloads failed downloads
 * @param bytesReceived bytes of response bodies of media servers, failed attempts included
 */
public record RunCounts(
        Notes notes,
        long refreshed,
        long refreshesGone,
        long refreshesPostponed,
        Files files,
        FailedDownloads downloads,
        long bytesReceived) {

    /** Counts of a run that has done nothing yet. */
    public static final RunCounts NONE =
            new RunCounts(Notes.NONE, 0, 0, 0, Files.NONE, new FailedDownloads(0, 0, 0), 0);

    /** Returns the number of archived notes whose refresh was tried. */
    public long refreshesDone() {
        return refreshed + refreshesGone + refreshesPostponed;
    }

    /** Returns the number of notes that this run will not process again. */
    public long done() {
        return notes.archived() + notes.unavailable() + notes.failed() + refreshesDone();
    }

    /**
     * Notes by disposition.
     *
     * @param archived notes whose media is complete
     * @param unavailable notes that do not exist, or no longer
     * @param postponed postponements; a note counts each time
     * @param failed notes that failed permanently
     * @param released notes that were returned to the worklist unchanged
     * @param forgotten notes whose responses were discarded, since their authors are erased
     */
    public record Notes(long archived, long unavailable, long postponed, long failed, long released, long forgotten) {

        public static final Notes NONE = new Notes(0, 0, 0, 0, 0, 0);
    }

    /**
     * Media files of notes.
     *
     * @param stored files that were uploaded
     * @param bytes bytes of these
     * @param deduplicated files that the store already had, found after the download
     * @param bytesDeduplicated bytes of these, which were not uploaded
     * @param reused files with the source id of a stored file, for which no request was sent
     * @param bytesReused bytes of these, which were not downloaded
     * @param improved files whose lesser rendition was replaced by a better one
     * @param lesser files of notes archived by this run in a lesser rendition than the best one offered
     * @param requests requests to media servers, which are not billed
     */
    public record Files(
            long stored,
            long bytes,
            long deduplicated,
            long bytesDeduplicated,
            long reused,
            long bytesReused,
            long improved,
            long lesser,
            long requests) {

        public static final Files NONE = new Files(0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /**
     * Failed downloads by remedy. A file counts at each attempt.
     *
     * @param dead no URL has the file: only a new response helps
     * @param passing error of network or server: another attempt helps
     * @param refused no URL is allowed by the address filter: another setting helps
     */
    public record FailedDownloads(long dead, long passing, long refused) {}
}
