package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How long it takes until the first call, and until help is there. */
class StartBench {

    @Test
    void fromTheProcessToTheFirstCall() throws IOException, InterruptedException {
        Spread wall = new Spread();
        Spread cpu = new Spread();
        Spread whole = new Spread();
        Spread help = new Spread();
        try (Servers servers = Servers.start()) {
            Ours ours = Ours.program(servers);
            Page page = new Page(StartBench.class, "start", "Starting", servers);
            for (int i = 0; i < BenchSettings.runs(); i++) {
                Ours.Run run = ours.night(Work.Kind.W1, 1, "", false, List.of(), Map.of());
                wall.add(run.startSeconds());
                cpu.add(run.startCpuSeconds());
                whole.add(run.startSeconds() + run.seconds() + run.endSeconds());
                help.add(help(ours));
            }
            page.paragraph("""
                    PostgreSQL and the store run already, the schema is in place, one note is due. Medians (least..most) of %d starts, the launcher included.
                    """.formatted(BenchSettings.runs()));
            page.table("", "seconds", "bar", "stretch");
            page.row("B: process start to first call", wall.text(2), "≤ 4", "≤ 2.5");
            page.row("B: CPU used until then", cpu.text(2), "≤ 5", "");
            page.row("`run` over one note, in all", whole.text(2), "", "");
            page.row("`--help`", help.text(2), "at once", "");
            page.remember("B wall s", wall).remember("B CPU s", cpu).remember("help s", help);
            page.write();
            System.out.println(page);
        }
    }

    private static double help(Ours ours) throws IOException, InterruptedException {
        Path directory = Ours.temporary();
        try {
            long began = System.nanoTime();
            Process process = ours.process(directory, List.of(), Map.of(), "--help")
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes());
            assertThat(process.waitFor()).as(said).isZero();
            return (System.nanoTime() - began) / 1e9;
        } finally {
            Ours.delete(directory);
        }
    }
}
