package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A night that the rate limit and the latency of the provider bound. */
class LatencyBench {

    private static final String W1_L = "latency=800&sigma=0.5&mediaLatency=50&burst=20&rates=20@0";
    private static final Map<String, String> KNOWN = Map.of("ARCHIVE_CALLS_PER_SECOND", "20");

    /** Seconds after which the limit changes. */
    private static final int FALLS = 10;

    private static final int RISES = 30;
    private static final String FALLING =
            "latency=800&sigma=0.5&mediaLatency=50&burst=20&rates=12@0,6@" + FALLS + ",20@" + RISES;

    @Test
    void nightBesideIdeal() {
        int notes = BenchSettings.slowNotes();
        try (Servers servers = Servers.start()) {
            MeasuredProgram program = MeasuredProgram.configured(servers);
            Page page = new Page(LatencyBench.class, "latency", "A night that waits for the provider", servers);
            page.paragraph("""
                    W1-L: %,d notes, responses after 0.8 s in the median (log-normal, sigma 0.5), 20 calls a second with a burst of 20, files after 50 ms. The ideal starts each
                    call as soon as the provider's limit allows, with the latencies that occurred, and fetches all files of a note concurrently.
                    """.formatted(notes));
            page.table("", "runs", "E: ideal ÷ measured", "302s, % of calls", "calls in flight, maximum");
            alone(page, program, notes);
            busy(page, program, notes);
            page.row("bar", "", "≥ 97 %", "≤ 0.5", "").row("stretch", "", "98 %", "0", "");
            page.write();
            peers(page, servers, notes);
            changing(page, servers, program, notes * 3 / 5);
            page.write();
            System.out.println(page);
        }
    }

    private static void alone(Page page, MeasuredProgram program, int notes) {
        measure(page, program, notes, BenchSettings.runs(), "note-archive", "E");
    }

    private static void busy(Page page, MeasuredProgram program, int notes) {
        List<Process> burners = new ArrayList<>();
        try {
            for (int i = 0; i < 2; i++) {
                // ends by itself if this process is killed
                burners.add(new ProcessBuilder("timeout", "600", "sh", "-c", "while :; do :; done").start());
            }
            measure(
                    page,
                    program,
                    notes,
                    Math.max(1, BenchSettings.runs() / 2),
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

    private static void measure(Page page, MeasuredProgram program, int notes, int runs, String name, String figure) {
        Spread e = new Spread();
        Spread refused = new Spread();
        Spread inFlight = new Spread();
        for (int i = 0; i < runs; i++) {
            Measurement run = program.night(Work.Kind.W1, notes, W1_L, false, KNOWN);
            assertThat(run.notes()).as("notes archived").isEqualTo(notes);
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

    /** Scripts have no rate limiter: more threads exceed the limit. */
    private static void peers(Page page, Servers servers, int notes) {
        page.heading("Peers");
        page.table("", "notes requested", "files stored, of", "302s, % of calls", "seconds", "ideal");
        for (int threads : new int[] {18, 24}) {
            Peer peer = new Peer(threads, false);
            if (!peer.isInstalled() || !BenchSettings.includes(peer)) {
                continue;
            }
            Measurement run = peer.run(servers, notes, W1_L, false);
            page.row(
                    peer.title(),
                    String.valueOf(run.notes()),
                    "%,d of %,d".formatted(run.files(), servers.files()),
                    "%.1f".formatted(100 * run.provided("code302") / run.provided("calls")),
                    "%.1f".formatted(run.seconds()),
                    "%.1f".formatted(run.provided("ideal") / 1e6));
            page.write();
        }
    }

    /** A call at the provider, in seconds after the first. */
    private record Call(double at, int code) {}

    private static void changing(Page page, Servers servers, MeasuredProgram program, int notes) {
        Measurement run = program.night(Work.Kind.W1, notes, FALLING, false, KNOWN);
        List<Call> calls = calls(servers);
        page.heading("A limit that is lower than configured, and changes");
        page.paragraph("""
                Configured are 20 calls a second. The provider allows 12, from second %d on 6, and from second %d on 20; %,d notes, exit code %d. *Settled*: the last 302 before
                ten seconds without one (or the phase's end), after the phase began. *Recovered*: the first five seconds with 90 %% of the calls that could be made.
                """.formatted(FALLS, RISES, notes, run.exitCode()));
        page.table("phase", "calls", "302s", "responses a second", "settled after s", "recovered after s");
        double end = calls.getLast().at;
        phase(page, "12 a second", calls, 0, FALLS, 12);
        phase(page, "6 a second", calls, FALLS, RISES, 6);
        phase(page, "20 a second", calls, RISES, end, 20);
        long refused = calls.stream().filter(call -> call.code == 302).count();
        page.row(
                "all",
                String.valueOf(calls.size()),
                refused + " (%.1f %%)".formatted(100.0 * refused / calls.size()),
                "",
                "",
                "");
        page.write();
        assertThat(run.notes()).as("notes archived").isEqualTo(notes);
    }

    private static void phase(Page page, String name, List<Call> calls, double from, double until, int rate) {
        List<Call> all = calls.stream()
                .filter(call -> call.at >= from && call.at < until)
                .toList();
        List<Call> refused = all.stream().filter(call -> call.code == 302).toList();
        if (all.isEmpty()) {
            page.row(name, "0", "", "", "", "");
            return;
        }
        long responses = all.size() - refused.size();
        double settled = 0;
        for (int i = 0; i < refused.size(); i++) {
            settled = refused.get(i).at - from;
            double next = i + 1 < refused.size() ? refused.get(i + 1).at : until;
            if (next - refused.get(i).at >= 10) {
                break;
            }
        }
        String recovered = IntStream.iterate(0, tenth -> from + tenth / 10.0 + 5 <= until, tenth -> tenth + 1)
                .filter(tenth -> all.stream()
                                .filter(call -> call.code != 302
                                        && call.at >= from + tenth / 10.0
                                        && call.at < from + tenth / 10.0 + 5)
                                .count()
                        >= 0.9 * 5 * rate)
                .mapToObj(tenth -> "%.1f".formatted(tenth / 10.0))
                .findFirst()
                .orElse("not");
        page.row(
                name,
                String.valueOf(all.size()),
                String.valueOf(refused.size()),
                "%.1f".formatted(responses / (until - from)),
                "%.1f".formatted(settled),
                recovered);
    }

    private static List<Call> calls(Servers servers) {
        List<String[]> lines = servers.get(servers.provider() + "/.bench/calls")
                .lines()
                .map(line -> line.split(" "))
                .toList();
        long first = Long.parseLong(lines.getFirst()[0]);
        return lines.stream()
                .map(line -> new Call((Long.parseLong(line[0]) - first) / 1e6, Integer.parseInt(line[1])))
                .toList();
    }
}
