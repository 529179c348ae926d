package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A night that nothing but the machine bounds, beside what users would script. */
class NightBench {

    /** As set out of the box, for nights that wait for a provider. */
    private static final int BY_DEFAULT = 32;

    /** As many as two cores have use for. */
    private static final int FEW = 8;

    /** What one program came to in all runs. */
    private static final class DisplayFormat {
        private final Spread notesPerSecond = new Spread();
        private final Spread cpuMillis = new Spread();
        private final Spread database = new Spread();
        private final Spread otherServers = new Spread();
        private final Spread peak = new Spread();
        private long files;
        private int notes;

        private void add(Measured run) {
            notesPerSecond.add(run.notesPerSecond());
            cpuMillis.add(run.cpuMillisPerNote());
            database.add(run.besideMillis().database() / run.notes());
            otherServers.add(run.besideMillis().others() / run.notes());
            peak.add(run.peakMegabytes());
            files = run.files();
            notes = run.notes();
        }

        /** CPU ms a note of the servers that this program makes work, its own not included. */
        private double beside() {
            return database.median() + otherServers.median();
        }

        /** CPU ms a note of all processes on the machine. */
        private double all() {
            return cpuMillis.median() + beside();
        }
    }

    @Test
    void ourNightBesideThePeers() {
        List<Peer> installed = Peer.all().stream()
                .filter(BenchSettings::takes)
                .filter(Peer::isInstalled)
                .toList();
        List<Peer> missing = Peer.all().stream()
                .filter(BenchSettings::takes)
                .filter(peer -> !peer.isInstalled())
                .toList();
        DisplayFormat ours = new DisplayFormat();
        DisplayFormat oursWithFew = new DisplayFormat();
        Map<Peer, DisplayFormat> peers = new LinkedHashMap<>();
        Peer floor = Peer.floor();
        List<Peer> others = new ArrayList<>(installed);
        others.addFirst(floor);
        others.forEach(peer -> peers.put(peer, new DisplayFormat()));
        Spread speed = new Spread();
        Spread floorSpeed = new Spread();
        Spread cpuOfBest = new Spread();
        int notes = BenchSettings.notes();
        try (Servers servers = Servers.start()) {
            Ours program = Ours.program(servers);
            Page page = new Page(NightBench.class, "night", "A night at latency 0, beside the peers", servers);
            for (int i = 0; i < BenchSettings.runs(); i++) {
                Ours.Run run = night(program, notes, BY_DEFAULT);
                ours.add(run);
                oursWithFew.add(night(program, notes, FEW));
                double best = 0;
                double bestCpu = Double.MAX_VALUE;
                for (Peer peer : others) {
                    Peer.Run other = peer.run(servers, (int) Math.max(1, notes * peer.share()), "", false);
                    peers.get(peer).add(other);
                    System.out.printf("%s: %s%n", peer.name(), other.line());
                    if (peer == floor) {
                        floorSpeed.add(run.notesPerSecond() / other.notesPerSecond());
                    } else {
                        best = Math.max(best, other.notesPerSecond());
                        bestCpu = Math.min(bestCpu, other.cpuMillisPerNote());
                    }
                }
                if (best > 0) {
                    speed.add(run.notesPerSecond() / best);
                    cpuOfBest.add(run.cpuMillisPerNote() / bestCpu);
                }
            }
            page.paragraph("""
                    Medians (least..most) of %d runs, in each of which all took turns. From the first call to the last commit, for peers to the last object; ours
                    with %s. CPU of ours and the floor is theirs alone, that of scripts their whole tree of processes, and the peak that of the largest process.
                    The metrics are of ours with %d workers, the default.
                    """.formatted(
                    BenchSettings.runs(), "`" + String.join(" ", BenchSettings.javaOptions()) + "`", BY_DEFAULT));
            if (!installed.isEmpty()) {
                page.paragraph("The peers: " + Peer.versions(installed) + ".");
            }
            page.table("", "notes", "notes/s", "CPU ms a note", "peak RSS MB", "files stored");
            row(page, "**note-archive**, catalog, ledger and all checks included", ours);
            row(page, "the same with %d workers in place of %d".formatted(FEW, BY_DEFAULT), oursWithFew);
            peers.forEach((peer, figures) -> row(page, peer.name(), figures));
            missing.forEach(peer -> page.row(peer.name(), "", "", "not installed", "", ""));
            page.paragraph("""
                    Whose CPU time that is, in ms a note: all processes share the machine's %d cores, so what the servers take bounds a night as well.
                    """.formatted(Runtime.getRuntime().availableProcessors()));
            page.table("", "the program", "PostgreSQL", "provider and sink", "all");
            shares(page, "**note-archive**", ours);
            shares(page, "the same with %d workers".formatted(FEW), oursWithFew);
            peers.forEach((peer, figures) -> shares(page, peer.name(), figures));
            page.table("metric", "median (least..most)", "bar", "stretch");
            if (speed.runs() > 0) {
                page.row("S: notes/s over the best peer's in the same run", speed.text(2), "≥ 1.0", "≥ 1.15");
                page.remember("S", speed);
            }
            peers.entrySet().stream()
                    .filter(peer -> peer.getKey() != floor)
                    .mapToDouble(peer -> peer.getValue().all())
                    .min()
                    .ifPresent(thriftiest -> page.row(
                            "the most that S could be here, did our own process take nothing",
                            "%.2f".formatted(thriftiest / ours.beside()),
                            "",
                            ""));
            page.row("C: CPU ms a note", ours.cpuMillis.text(2), "≤ 5.0", "≤ 3.7");
            if (cpuOfBest.runs() > 0) {
                page.row("C over that of the thriftiest peer", cpuOfBest.text(2), "", "≤ 1.0");
            }
            page.row("notes/s over the floor's", floorSpeed.text(2), "", "");
            page.remember("C", ours.cpuMillis).remember("notes/s", ours.notesPerSecond);
            page.remember("peak RSS MB", ours.peak).remember("notes/s over the floor's", floorSpeed);
            page.write();
            System.out.println(page);
        }
    }

    private static Ours.Run night(Ours program, int notes, int workers) {
        Ours.Run run = program.night(
                Work.Kind.W1, notes, "", false, List.of(), Map.of("ARCHIVE_WORKERS", String.valueOf(workers)));
        System.out.printf("ours, %d workers: %s%n", workers, run.line());
        assertThat(run.notes()).as("notes archived").isEqualTo(notes);
        assertThat(run.files())
                .as("files stored")
                .isEqualTo(Long.parseLong(run.provided().getProperty("files")));
        return run;
    }

    private static void shares(Page page, String name, DisplayFormat figures) {
        page.row(
                name,
                figures.cpuMillis.text(2),
                figures.database.text(2),
                figures.otherServers.text(2),
                "%.1f".formatted(figures.all()));
    }

    private static void row(Page page, String name, DisplayFormat figures) {
        page.row(
                name,
                "%,d".formatted(figures.notes),
                figures.notesPerSecond.text(0),
                figures.cpuMillis.text(2),
                figures.peak.text(0),
                "%,d".formatted(figures.files));
    }
}
