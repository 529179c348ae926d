package io.github.notearchive.bench;

import java.util.Properties;

/** What a night came to, seen from outside: ours or a peer's. */
interface Measured {

    /** Archived by ours; a peer was asked for so many. */
    int notes();

    int exitCode();

    /** From the first call to the last commit, of a peer to the last object. */
    double seconds();

    /** Used in that time by our process; by all processes of a peer, from their start. */
    double cpuMillis();

    /** Used by the servers meanwhile, from the start of the process to its end. */
    Servers.Cpu besideMillis();

    /** The most that was resident, of a peer in the largest of its processes. */
    double peakMegabytes();

    /** What the provider counted. */
    Properties provided();

    /** What the store counted. */
    Properties stored();

    default double notesPerSecond() {
        return notes() / seconds();
    }

    default double cpuMillisPerNote() {
        return cpuMillis() / notes();
    }

    /** Media objects in the store. */
    default long files() {
        return Long.parseLong(stored().getProperty("objects.media", "0"));
    }

    /** One of the figures that the provider counted. */
    default double provided(String name) {
        return Double.parseDouble(provided().getProperty(name));
    }

    default String line() {
        return "%d notes in %.1f s, %.1f a second, %.2f CPU ms each, peak %.0f MB, exit code %d"
                .formatted(notes(), seconds(), notesPerSecond(), cpuMillisPerNote(), peakMegabytes(), exitCode());
    }
}
