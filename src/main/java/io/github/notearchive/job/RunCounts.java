package io.github.notearchive.job;

/**
 * What a run has done so far. Each number only grows.
 *
 * @param archived notes that reached their end complete
 * @param unavailable notes that are not there, or no longer
 * @param postponed times that a note was put off
 * @param failed notes that were given up
 * @param released notes that were handed back untouched
 * @param forgotten notes of whose answers nothing was kept, since their authors are forgotten
 * @param refreshed archived notes with a new answer
 * @param refreshesGone archived notes that are no longer there
 * @param refreshesPutOff archived notes left to a later night
 * @param files what became of the notes' files
 * @param downloads which downloads brought no file
 * @param bytesReceived bytes of bodies that media servers sent, those of failed tries included
 */
public record RunCounts(
        long archived,
        long unavailable,
        long postponed,
        long failed,
        long released,
        long forgotten,
        long refreshed,
        long refreshesGone,
        long refreshesPutOff,
        RunSummary.Files files,
        FailedDownloads downloads,
        long bytesReceived) {

    /** A run that has done nothing yet. */
    public static final RunCounts NONE =
            new RunCounts(
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    RunSummary.Files.NONE,
                    new FailedDownloads(0, 0, 0),
                    0);

    /** Archived notes that were asked about anew, whatever came of it. */
    public long refreshesDone() {
        return refreshed + refreshesGone + refreshesPutOff;
    }

    /** Notes that the run is done with. */
    public long done() {
        return archived + unavailable + failed + refreshesDone();
    }

    /**
     * Downloads that brought no file, by what is to be done about it. A file that is tried again
     * later counts again.
     *
     * @param dead every address said that the file is not there: only a new answer helps
     * @param passing faults of network or server: later helps
     * @param refused our own guard follows none of the addresses: another setting helps
     */
    public record FailedDownloads(long dead, long passing, long refused) {}
}
