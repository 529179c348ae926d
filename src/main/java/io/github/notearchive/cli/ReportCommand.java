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

    @Override
    public Integer call() throws Exception {
        return read(ofNode(node), context -> {
            NightReports reports = context.get(NightReports.class);
            NightReport report = find(context, reports);
            if ("-".equals(output)) {
                out().print(reports.page(report));
            } else {
                out().println(
                                output == null
                                        ? reports.write(report)
                                        : write(
                                                reports.page(report),
                                                Path.of(output).toAbsolutePath()));
            }
            return ExitCode.COMPLETED;
        });
    }

    private NightReport find(CommandContext context, NightReports reports) {
        String archiveNode = context.get(ArchiveProperties.class).node();
        Night tonight = Night.current(context.get(Clock.class));
        return Optional.ofNullable(night)
                .or(() -> context.get(RunHistory.class).lastNight(archiveNode, tonight))
                .flatMap(found -> reports.find(found, archiveNode))
                .orElseThrow(() -> new CommandFailure(
                        ExitCode.INCOMPLETE,
                        "node %s has no run %s; note-archive status --verbose shows the last ones"
                                .formatted(
                                        archiveNode, night == null ? "that has ended" : "in the night of " + night)));
    }

    private Path write(String page, Path file) throws IOException {
        requireOutput("--output", file);
        AtomicFile.write(file, page.getBytes(StandardCharsets.UTF_8));
        return file;
    }
}
