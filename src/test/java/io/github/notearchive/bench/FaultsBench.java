package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What arrives when the provider and its media server fail now and then, as they do. */
class FaultsBench {

    private static final int NOTES = Integer.getInteger("bench.fault-notes", 400);
    private static final String FAULTS = "cut=0.05&fail301=0.1";

    @Test
    void everyFileOfOursAndTheCountOfEachPeer() {
        try (Servers servers = Servers.start()) {
            Page page = new Page(FaultsBench.class, "faults", "Files that arrive through faults", servers);
            Ours.Run run = Ours.program(servers).night(Work.Kind.W1, NOTES, FAULTS, true, List.of(), Map.of());
            long expected = servers.files();
            long intact = servers.intact();
            page.paragraph("""
                    %,d notes with %,d files. 5 %% of the files are cut short when they are first asked for, 10 %% of the notes answer 301 at first. *Intact*: lies in the
                    store with the right SHA-256, which the store computed itself.
                    """.formatted(NOTES, expected));
            page.table("", "intact", "wrong or cut", "missing", "calls", "exit code");
            row(page, "**note-archive**", expected, intact, run);
            for (Peer peer : Peer.all().stream().filter(BenchSettings::takes).toList()) {
                if (!peer.isInstalled()) {
                    page.row(peer.name(), "not installed", "", "", "", "");
                    continue;
                }
                Peer.Run other = peer.run(servers, NOTES, FAULTS, true);
                row(page, peer.name(), expected, servers.intact(), other);
            }
            page.write();
            System.out.println(page);

            assertThat(run.notes()).as("notes archived").isEqualTo(NOTES);
            assertThat(intact).as("files of ours that are intact").isEqualTo(expected);
            assertThat(run.stored().getProperty("refused")).isEqualTo("0");
        }
    }

    private static void row(Page page, String name, long expected, long intact, Measured run) {
        page.row(
                name,
                "%,d of %,d".formatted(intact, expected),
                String.valueOf(run.files() - intact),
                String.valueOf(expected - intact),
                run.provided().getProperty("calls"),
                String.valueOf(run.exitCode()));
    }
}
