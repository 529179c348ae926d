package io.github.notearchive.cli;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReport;
import io.github.notearchive.report.NightReports;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code report}: writes the report of a night again, from the tables. */
@Command(name = "report")
final class ReportCommand extends ArchiveCommand {

    @Option(names = "--night", paramLabel = "DATE", converter = Arguments.NightArgument.class)
    private @Nullable Night night;

    @Mixin
    private NodeOption node = new NodeOption();

    @Option(names = "--output", paramLabel = "FILE")
    private @Nullable String output;

    @Component
    record Action(NightReports reports, ArchiveProperties settings, Clock clock) {

        /** Returns the report of a night, or of the last night with a run. */
        NightReport find(@Nullable Night night) {
            String node = settings.node();
            Night tonight = Night.current(clock);
            if (night == null) {
                return reports.lastNight(node, tonight)
                        .flatMap(last -> reports.find(last, node))
                        .orElseThrow(() -> none("no run of node %s has ended yet; %s"
                                .formatted(node, otherNodes(node).orElse("start one with: note-archive run"))));
            }
            return reports.find(night, node).orElseThrow(() -> {
                String hint = night.compareTo(tonight) > 0 ? ", which has not started" : alternative(node, night);
                return none("no run of node %s started in the night of %s%s".formatted(node, night, hint));
            });
        }

        private String alternative(String node, Night night) {
            return reports.lastNight(node, night)
                    .map(last -> "; the last one before that is of " + last)
                    .orElseGet(() -> "; nor in any before"
                            + otherNodes(node).map(others -> "; " + others).orElse(""));
        }

        private Optional<String> otherNodes(String node) {
            List<String> others = reports.nodes().stream()
                    .filter(other -> !other.equals(node))
                    .toList();
            return others.isEmpty()
                    ? Optional.empty()
                    : Optional.of("there are runs of %s: note-archive report --node %s"
                            .formatted(String.join(", ", others), others.getFirst()));
        }

        private static CommandFailure none(String message) {
            return new CommandFailure(ExitCode.INCOMPLETE, message);
        }
    }

    @Override
    public Integer call() throws Exception {
        return execute(node.settings(), Action.class, action -> {
            NightReport report = action.find(night);
            String page = NightReports.page(report);
            if ("-".equals(output)) {
                out().print(page);
                return ExitCode.COMPLETED;
            }
            Path file = output == null
                    ? action.reports.file(report)
                    : Path.of(output).toAbsolutePath();
            if (output != null) {
                requireWritable("--output", file, "name a file in an existing directory");
            }
            AtomicFile.write(file, page.getBytes(StandardCharsets.UTF_8));
            out().println(file);
            return ExitCode.COMPLETED;
        });
    }
}
