package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A night that only the machine limits, beside scripts in the same run. */
class NightBench {

    private static final int NOTES = Integer.getInteger("bench.night-notes", 6_000);
    private static final int DEFAULT_WORKERS = 32;
    private static final int FEW_WORKERS = 8;

    private final List<Measurement> ours = new ArrayList<>();
    private final List<Measurement> oursWithFew = new ArrayList<>();
    private final Map<Peer, List<Measurement>> peers = new LinkedHashMap<>();

    /** Numbers of one program in all runs. */
    private record Numbers(List<Measurement> runs) {

        Spread notesPerSecond() {
            return Spread.of(runs, Measurement::notesPerSecond);
        }

        Spread cpu() {
            return Spread.of(runs, Measurement::cpuMillisPerNote);
        }

        Spread database() {
            return Spread.of(runs, run -> run.servers().database() / run.notes());
        }

        Spread otherServers() {
            return Spread.of(runs, run -> run.servers().others() / run.notes());
        }

        Spread peak() {
            return Spread.of(runs, Measurement::peakMegabytes);
        }

        /** Returns the CPU ms a note of all processes. */
        double all() {
            return cpu().median() + database().median() + otherServers().median();
        }
    }

    @Test
    void nightBesidePeers() {
        try (Servers servers = Servers.start()) {
            MeasuredProgram program = MeasuredProgram.configured(servers);
            Page page = new Page(NightBench.class, "night", "A night at latency 0, beside scripts", servers);
            for (int i = 0; i < MeasuredProgram.RUNS; i++) {
                ours.add(night(program, DEFAULT_WORKERS));
                oursWithFew.add(night(program, FEW_WORKERS));
                for (Peer peer : Peer.all()) {
                    Measurement run = peer.run(servers, NOTES, "", false);
                    System.out.printf("%s: %s%n", peer.title(), run.line());
                    peers.computeIfAbsent(peer, _ -> new ArrayList<>()).add(run);
                }
            }
            write(page);
            page.write();
            System.out.println(page);
        }
    }

    private static Measurement night(MeasuredProgram program, int workers) {
        Measurement run =
                program.night(Work.Kind.W1, NOTES, "", false, Map.of("ARCHIVE_WORKERS", String.valueOf(workers)));
        System.out.printf("note-archive, %d workers: %s%n", workers, run.line());
        assertThat(run.notes()).as("notes archived").isEqualTo(NOTES);
        assertThat(run.files()).as("files stored").isEqualTo((long) run.provided("files"));
        return run;
    }

    private void write(Page page) {
        page.paragraph("""
                Medians (minimum..maximum) of %d runs, in each of which all take turns. From the first call to the last commit, for scripts without database to the last
                object; note-archive with `%s`. CPU of note-archive is that of the process in this span, of scripts that of the process tree from its start.
                """.formatted(MeasuredProgram.RUNS, String.join(" ", MeasuredProgram.OPTIONS)));
        page.table("", "notes", "notes/s", "CPU ms a note", "peak RSS MB", "files stored");
        Map<String, Numbers> all = new LinkedHashMap<>();
        all.put("**note-archive**, %d workers".formatted(DEFAULT_WORKERS), new Numbers(ours));
        all.put("note-archive, %d workers".formatted(FEW_WORKERS), new Numbers(oursWithFew));
        peers.forEach((peer, runs) -> all.put(peer.title(), new Numbers(runs)));
        all.forEach((title, numbers) -> page.row(
                title,
                "%,d".formatted(numbers.runs.getFirst().notes()),
                numbers.notesPerSecond().text(0),
                numbers.cpu().text(2),
                numbers.peak().text(0),
                "%,d".formatted(numbers.runs.getFirst().files())));
        page.paragraph("""
                CPU ms a note by process. All processes share the %d cores, so the servers limit a night as well.
                """.formatted(Runtime.getRuntime().availableProcessors()));
        page.table("", "program", "PostgreSQL", "provider and store", "all");
        all.forEach((title, numbers) -> page.row(
                title,
                numbers.cpu().text(2),
                numbers.database().text(2),
                numbers.otherServers().text(2),
                "%.1f".formatted(numbers.all())));
        Numbers numbers = new Numbers(ours);
        page.table("metric", "median (minimum..maximum)", "bar", "stretch");
        page.row("C: CPU ms a note", numbers.cpu().text(2), "≤ 6.5", "5.0");
        page.row("PostgreSQL CPU ms a note", numbers.database().text(2), "≤ 1.3", "1.0");
        page.row("peak RSS MB", numbers.peak().text(0), "≤ 300", "256");
        page.remember("C", numbers.cpu()).remember("PostgreSQL ms", numbers.database());
        page.remember("notes/s", numbers.notesPerSecond()).remember("peak RSS MB", numbers.peak());
        peers.forEach((peer, runs) -> {
            Spread ratio = new Spread();
            for (int i = 0; i < runs.size(); i++) {
                ratio.add(ours.get(i).notesPerSecond() / runs.get(i).notesPerSecond());
            }
            page.row(
                    "S: notes/s ÷ " + peer.title(),
                    ratio.text(2),
                    peer.ledger() ? "≥ 0.8" : "≥ 0.65",
                    peer.ledger() ? "1.0" : "0.8");
            page.remember("S " + peer.title(), ratio);
        });
    }
}
