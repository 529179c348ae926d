package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Peaks of memory and spool of a night with 64 workers and a heap of 256 MB. */
class MemoryBench {

    private static final Map<String, String> WORKERS = Map.of("ARCHIVE_WORKERS", "64", "ARCHIVE_CALLS_IN_FLIGHT", "64");
    private static final int LARGE_NOTES = Integer.getInteger("bench.large-notes", 200);

    /** Latencies that keep all workers busy. */
    private static final String SLOW = "latency=500&sigma=0.5&mediaLatency=50";

    @Test
    void peaksOfMemoryAndSpool() {
        try (Servers servers = Servers.start()) {
            MeasuredProgram program = MeasuredProgram.of(servers, List.of("-Xmx256m"));
            Page page = new Page(MemoryBench.class, "memory", "Memory and disk", servers);
            page.paragraph("""
                    64 workers at `-Xmx256m`. The peak is that of the process (`VmHWM`): heap, code, direct buffers. A response takes 500 ms, the first byte of a file 50 ms, so
                    that each worker has a note. *Spool*: the largest size of the data directory, sampled four times a second.
                    """);
            page.table("", "files", "bytes GB", "seconds", "peak RSS MB", "bar", "stretch", "spool MB");
            measure(page, program, "%,d notes of W1", Work.Kind.W1, 10 * LARGE_NOTES);
            measure(page, program, "%,d notes with a video of 80 MB each", Work.Kind.FILMS, LARGE_NOTES);
            measure(page, program, "%,d notes of W1, each 50th with a video of 2 GB", Work.Kind.GIANTS, LARGE_NOTES);
            System.out.println(page);
        }
    }

    private static void measure(Page page, MeasuredProgram program, String title, Work.Kind kind, int notes) {
        Measurement run = program.night(kind, notes, SLOW, false, WORKERS);
        assertThat(run.notes()).as("notes archived").isEqualTo(notes);
        page.row(
                title.formatted(notes),
                "%,d".formatted(run.files()),
                "%.1f".formatted(run.provided("bytes") / 1e9),
                "%.0f".formatted(run.seconds()),
                "%.0f".formatted(run.peakMegabytes()),
                "≤ 300",
                "≤ 256",
                "%.0f".formatted(run.spoolMegabytes()));
        page.remember("M " + kind, Spread.of(List.of(run), Measurement::peakMegabytes));
        page.write();
    }
}
