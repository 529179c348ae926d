package io.github.notearchive.cli;

import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReport;
import io.github.notearchive.report.NightReports;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code report}: writes the report of a night again, from the tables. */
@Command(name = "report")
final class ReportCommand extends ArchiveCommand {

    @Option(names = "--night", paramLabel = "DATE")
    private @Nullable Night night;

    @Mixin
    private NodeOption node = new NodeOption();

    @Option(names = "--output", paramLabel = "FILE")
    private @Nullable String output;

    @Component
    record Action(NightReports reports, RunHistory history, ArchiveProperties settings, Clock clock) {

        /** Returns the report of a night, or of the last night with a run. */
        NightReport find(@Nullable Night night) {
            return Optional.ofNullable(night)
                    .or(this::lastNight)
                    .flatMap(found -> reports.find(found, settings.node()))
                    .orElseThrow(() -> none(night));
        }

        private Optional<Night> lastNight() {
            return history.lastNight(settings.node(), Night.current(clock));
        }

        private CommandFailure none(@Nullable Night night) {
            String hint =
                    lastNight().map(last -> "the last one is of " + last).orElse("start one with: note-archive run");
            String problem = night == null ? "has ended yet" : "started in the night of " + night;
            return new CommandFailure(
                    ExitCode.INCOMPLETE, "no run of node %s %s; %s".formatted(settings.node(), problem, hint));
        }
    }

    @Override
    public Integer call() throws Exception {
        return read(node.settings(), Action.class, action -> {
            NightReport report = action.find(night);
            if ("-".equals(output)) {
                out().print(report.page());
            } else {
                out().println(
                                output == null
                                        ? action.reports.write(report)
                                        : write(report, Path.of(output).toAbsolutePath()));
            }
            return ExitCode.COMPLETED;
        });
    }

    private Path write(NightReport report, Path file) throws IOException {
        problemOfOutput(file).ifPresent(problem -> {
            throw usage("--output %s %s; name a file in an existing directory".formatted(file, problem));
        });
        AtomicFile.write(file, report.page().getBytes(StandardCharsets.UTF_8));
        return file;
    }
}
