package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A night that the rate limit and the latency of the provider bound. */
class LatencyBench {

    private static final int NOTES = Integer.getInteger("bench.slow-notes", 1_000);
    private static final String W1_L = "latency=800&sigma=0.5&mediaLatency=50&burst=20&rate=20";
    private static final Map<String, String> KNOWN = Map.of("ARCHIVE_CALLS_PER_SECOND", "20");

    @Test
    void nightBesideIdeal() {
        try (Servers servers = Servers.start()) {
            MeasuredProgram program = MeasuredProgram.configured(servers);
            Page page = new Page(LatencyBench.class, "latency", "A night that waits for the provider", servers);
            page.paragraph("""
                    W1-L: %,d notes, responses after 0.8 s in the median (log-normal, sigma 0.5), 20 calls a second with a burst of 20, files after 50 ms. The ideal starts each
                    call as soon as the provider's limit allows, with the latencies that occurred, and fetches all files of a note concurrently.
                    """.formatted(NOTES));
            page.table("", "runs", "E: ideal ÷ measured", "302s, % of calls", "calls in flight, maximum");
            measure(page, program, MeasuredProgram.RUNS, "note-archive", "E");
            busy(page, program);
            page.row("bar", "", "≥ 97 %", "≤ 0.5", "").row("stretch", "", "98 %", "0", "");
            page.write();
            System.out.println(page);
        }
    }

    private static void busy(Page page, MeasuredProgram program) {
        List<Process> burners = new ArrayList<>();
        try {
            for (int i = 0; i < 2; i++) {
                // ends by itself if this process is killed
                burners.add(new ProcessBuilder("timeout", "600", "sh", "-c", "while :; do :; done").start());
            }
            measure(
                    page,
                    program,
                    Math.max(1, MeasuredProgram.RUNS / 2),
                    "note-archive beside two busy processes",
                    "E busy");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            burners.forEach(burner -> {
                burner.descendants().forEach(ProcessHandle::destroyForcibly);
                burner.destroyForcibly();
            });
        }
    }

    private static void measure(Page page, MeasuredProgram program, int runs, String name, String figure) {
        Spread e = new Spread();
        Spread refused = new Spread();
        Spread inFlight = new Spread();
        for (int i = 0; i < runs; i++) {
            Measurement run = program.night(Work.Kind.W1, NOTES, W1_L, false, KNOWN);
            assertThat(run.notes()).as("notes archived").isEqualTo(NOTES);
            e.add(100 * run.provided("ideal") / 1e6 / run.seconds());
            refused.add(100.0 * run.provided("code302") / run.provided("calls"));
            inFlight.add(run.provided("mostInFlight"));
            System.out.printf(
                    "%s: ideal %.1f s, %s, 302s %.0f%n",
                    name, run.provided("ideal") / 1e6, run.line(), run.provided("code302"));
        }
        page.row(name, String.valueOf(runs), e.text(1) + " %", refused.text(2), inFlight.text(0));
        page.remember(figure, e).remember(figure + " 302s", refused);
        page.write();
    }
}
