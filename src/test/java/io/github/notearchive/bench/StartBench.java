package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The time from the start of the process to the first call, and to the help. */
class StartBench {

    @Test
    void startToFirstCall() {
        List<Measurement> runs = new ArrayList<>();
        Spread help = new Spread();
        try (Servers servers = Servers.start()) {
            MeasuredProgram program = MeasuredProgram.configured(servers);
            Page page = new Page(StartBench.class, "start", "Start", servers);
            for (int i = 0; i < MeasuredProgram.RUNS; i++) {
                runs.add(program.night(Work.Kind.W1, 1, "", false, Map.of()));
                help.add(secondsOfHelp(program));
            }
            Spread wall = Spread.of(runs, Measurement::startSeconds);
            Spread cpu = Spread.of(runs, run -> run.startCpuMillis() / 1000);
            page.paragraph("""
                    PostgreSQL and the store are running, the schema is in place, one note is due. Medians (minimum..maximum) of %d starts, the launcher included.
                    """.formatted(MeasuredProgram.RUNS));
            page.table("", "seconds", "bar", "stretch");
            page.row("B: process start to first call", wall.text(2), "≤ 2.2", "≤ 1.5");
            page.row("B: CPU until then", cpu.text(2), "", "");
            page.row(
                    "`run` over one note",
                    Spread.of(runs, run -> run.startSeconds() + run.seconds() + run.endSeconds())
                            .text(2),
                    "",
                    "");
            page.row("`--help`", help.text(2), "≤ 0.7", "");
            page.remember("B wall s", wall).remember("B CPU s", cpu).remember("help s", help);
            page.write();
            System.out.println(page);
        }
    }

    private static double secondsOfHelp(MeasuredProgram program) {
        return MeasuredProgram.inDirectory(directory -> {
            long started = System.nanoTime();
            Process process = program.process(directory, Map.of(), "--help")
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes());
            assertThat(process.waitFor()).as(output).isZero();
            return (System.nanoTime() - started) / 1e9;
        });
    }
}
