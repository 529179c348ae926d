package io.github.notearchive.nightly;

/**
 * What a run has done so far. Each number only grows.
 *
 * @param notes what became of the notes that were not archived before
 * @param refreshed archived notes with a new answer
 * @param refreshesGone archived notes that are no longer there
 * @param refreshesPutOff archived notes left to a later night
 * @param files what became of the notes' files
 * @param downloads which downloads brought no file
 * @param bytesReceived bytes of bodies that media servers sent, those of failed tries included
 */
public record RunCounts(
        RunSummary.Notes notes,
        long refreshed,
        long refreshesGone,
        long refreshesPutOff,
        RunSummary.Files files,
        FailedDownloads downloads,
        long bytesReceived) {

    /** A run that has done nothing yet. */
    public static final RunCounts NONE =
            new RunCounts(RunSummary.Notes.NONE, 0, 0, 0, RunSummary.Files.NONE, new FailedDownloads(0, 0, 0), 0);

    /** Archived notes that were asked about anew, whatever came of it. */
    public long refreshesDone() {
        return refreshed + refreshesGone + refreshesPutOff;
    }

    /** Notes that the run is done with. */
    public long done() {
        return notes.archived() + notes.unavailable() + notes.failed() + refreshesDone();
    }

    /**
     * Downloads that brought no file, by what is to be done about it. A file that is tried again later counts again.
     *
     * @param dead every address said that the file is not there: only a new answer helps
     * @param passing faults of network or server: later helps
     * @param refused our own guard follows none of the addresses: another setting helps
     */
    public record FailedDownloads(long dead, long passing, long refused) {}
}
