package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How much memory and disk a night takes that has 64 notes in work and a heap of 256 MB. */
class MemoryBench {

    private static final Map<String, String> WIDE = Map.of("ARCHIVE_WORKERS", "64", "ARCHIVE_CALLS_IN_FLIGHT", "64");
    private static final List<String> HEAP = List.of("-Xmx256m");

    /** Of the nights with large files; each 50th has one of 2 GB. */
    private static final int LARGE_NOTES = Integer.getInteger("bench.large-notes", 200);

    private static final int NOTES = 10 * LARGE_NOTES;

    /** So that all 64 are in work at once. */
    private static final String WAITING = "latency=500&sigma=0.5&mediaLatency=50";

    @Test
    void peaksOfMemoryAndSpool() {
        try (Servers servers = Servers.start()) {
            Ours ours = new Ours(servers, BenchSettings.program(), HEAP);
            Page page = new Page(MemoryBench.class, "memory", "Memory and disk", servers);
            page.paragraph("""
                    64 workers at `-Xmx256m`. The peak is that of the whole process (`VmHWM`): heap, code, direct buffers and all. Answers take 500 ms, files 50 ms before
                    their first byte, so that all workers have a note. *Spool*: the most that was seen below the data directory, looked at four times a second.
                    """);
            page.table("", "files", "bytes GB", "seconds", "peak RSS MB", "bar", "stretch", "spool MB");
            measure(page, ours, "%,d notes of W1", Work.Kind.W1, NOTES);
            measure(page, ours, "%,d notes with a film of 80 MB each", Work.Kind.FILMS, LARGE_NOTES);
            measure(page, ours, "%,d notes of W1, each 50th with a film of 2 GB", Work.Kind.GIANTS, LARGE_NOTES);
            System.out.println(page);
        }
    }

    private static void measure(Page page, Ours ours, String name, Work.Kind kind, int notes) {
        Ours.Run run = ours.night(kind, notes, WAITING, false, List.of(), WIDE);
        assertThat(run.notes()).as("notes archived").isEqualTo(notes);
        page.row(
                name.formatted(notes),
                "%,d".formatted(run.files()),
                "%.1f".formatted(run.provided("bytes") / 1e9),
                "%.0f".formatted(run.seconds()),
                "%.0f".formatted(run.peakMegabytes()),
                "≤ 400",
                "≤ 256",
                "%.0f".formatted(run.spoolMegabytes()));
        Spread peak = new Spread();
        peak.add(run.peakMegabytes());
        page.remember("M " + kind, peak);
        page.write();
    }
}
