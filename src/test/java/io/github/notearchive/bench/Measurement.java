package io.github.notearchive.bench;

import java.util.Properties;

/**
 * One night of the program or of a peer.
 *
 * @param notes number of notes that the program archived; of a peer, that it was given
 * @param startSeconds from the start of the process to the first call
 * @param seconds from the first call to the last commit; of a peer, to the last object in the store
 * @param endSeconds from then to the end of the process
 * @param startCpuMillis CPU time of the process until the first call; 0 for a peer
 * @param cpuMillis CPU time of the process during {@code seconds}; of a peer, of its process tree since the start
 * @param servers CPU time of the servers from the start of the process to its end
 * @param peakMegabytes maximum resident size; of a peer, of its largest process
 * @param spoolMegabytes maximum size of the data directory that was observed; 0 for a peer
 * @param provided counts of the provider
 * @param stored counts of the store
 */
record Measurement(
        int notes,
        int exitCode,
        double startSeconds,
        double seconds,
        double endSeconds,
        double startCpuMillis,
        double cpuMillis,
        Servers.Cpu servers,
        double peakMegabytes,
        double spoolMegabytes,
        Properties provided,
        Properties stored) {

    double notesPerSecond() {
        return notes / seconds;
    }

    double cpuMillisPerNote() {
        return cpuMillis / notes;
    }

    /** Returns the number of media objects in the store. */
    long files() {
        return Long.parseLong(stored.getProperty("objects.media"));
    }

    /** Returns a count of the provider. */
    double provided(String name) {
        return Double.parseDouble(provided.getProperty(name));
    }

    String line() {
        return "%d notes in %.1f s, %.1f/s, CPU %.2f ms a note, PostgreSQL %.2f, peak %.0f MB, start %.2f s, end %.2f s, exit code %d"
                .formatted(
                        notes,
                        seconds,
                        notesPerSecond(),
                        cpuMillisPerNote(),
                        servers.database() / notes,
                        peakMegabytes,
                        startSeconds,
                        endSeconds,
                        exitCode);
    }
}
