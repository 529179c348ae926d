package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** The files that are stored when provider and media server fail now and then. */
class FaultsBench {

    private static final int NOTES = Integer.getInteger("bench.fault-notes", 400);
    private static final String FAULTS = "cut=0.05&fail301=0.1";

    @Test
    void filesStoredDespiteFaults() {
        try (Servers servers = Servers.start()) {
            Page page = new Page(FaultsBench.class, "faults", "Files stored despite faults", servers);
            Measurement run = MeasuredProgram.configured(servers).night(Work.Kind.W1, NOTES, FAULTS, true, Map.of());
            long expected = servers.files();
            long intact = servers.intact();
            page.paragraph("""
                    %,d notes with %,d files. 5 %% of the files are truncated at the first request, 10 %% of the notes reply 301 at first. *Intact*: stored with the SHA-256 of
                    the source, computed by the store.
                    """.formatted(NOTES, expected));
            page.table("", "intact", "wrong or truncated", "missing", "calls", "exit code");
            row(page, "**note-archive**", expected, intact, run);
            for (Peer peer : Peer.all()) {
                Measurement other = peer.run(servers, NOTES, FAULTS, true);
                row(page, peer.title(), expected, servers.intact(), other);
            }
            page.write();
            System.out.println(page);

            assertThat(run.notes()).as("notes archived").isEqualTo(NOTES);
            assertThat(intact).as("intact files").isEqualTo(expected);
            assertThat(run.stored().getProperty("refused")).isEqualTo("0");
        }
    }

    private static void row(Page page, String title, long expected, long intact, Measurement run) {
        page.row(
                title,
                "%,d of %,d".formatted(intact, expected),
                String.valueOf(run.files() - intact),
                String.valueOf(expected - intact),
                run.provided().getProperty("calls"),
                String.valueOf(run.exitCode()));
    }
}
