package io.github.notearchive.cli;

import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.io.files.AtomicFile;
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
import picocli.CommandLine.Option;

/** {@code report}: writes the report of a night again, from the tables. */
@Command(name = "report")
final class ReportCommand extends ArchiveCommand {

    @Option(names = "--night", paramLabel = "DATE")
    private @Nullable Night night;

    @Option(names = "--node", paramLabel = "NAME")
    private @Nullable String node;

    @Option(names = "--output", paramLabel = "FILE")
    private @Nullable String output;

    @Component
    static final class Action {

        private final NightReports reports;
        private final RunHistory history;
        private final ArchiveProperties settings;
        private final Clock clock;

        Action(NightReports reports, RunHistory history, ArchiveProperties settings, Clock clock) {
            this.reports = reports;
            this.history = history;
            this.settings = settings;
            this.clock = clock;
        }

        NightReport find(@Nullable Night night) {
            return Optional.ofNullable(night)
                    .or(() -> history.lastNight(settings.node(), Night.current(clock)))
                    .flatMap(found -> reports.find(found, settings.node()))
                    .orElseThrow(() -> new CommandFailure(
                            ExitCode.INCOMPLETE,
                            "node %s has no run %s; note-archive status --verbose shows the last ones"
                                    .formatted(
                                            settings.node(),
                                            night == null ? "that has ended" : "in the night of " + night)));
        }
    }

    @Override
    public Integer call() throws Exception {
        return read(ofNode(node), Action.class, action -> {
            NightReport report = action.find(night);
            if ("-".equals(output)) {
                out().print(action.reports.page(report));
            } else {
                out().println(
                                output == null
                                        ? action.reports.write(report)
                                        : write(
                                                action.reports.page(report),
                                                Path.of(output).toAbsolutePath()));
            }
            return ExitCode.COMPLETED;
        });
    }

    private Path write(String page, Path file) throws IOException {
        requireOutput("--output", file);
        AtomicFile.write(file, page.getBytes(StandardCharsets.UTF_8));
        return file;
    }
}
