package io.github.notearchive.cli;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReport;
import io.github.notearchive.report.NightReports;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code report}: the report of a night once more, from the tables. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        description = "Makes the report of a night, one HTML page, from the tables alone. Each run writes it, too.",
        footer = {
            "",
            "The same tables give the same bytes. The page opens offline, and names notes by their ids only.",
            "Exit codes: 0 done; 2 usage; 6 no run of this node began in that night, and there is no report of it; 8 the database is out of reach."
        })
final class ReportCommand implements Callable<Integer> {

    private static final String STANDARD_OUTPUT = "-";

    @Option(
            names = "--night",
            paramLabel = "DATE",
            converter = NightArgument.class,
            description =
                    "The calendar day of Shanghai in which its runs began, as 2026-11-25 (default: the last one with a run).")
    private @Nullable Night night;

    @Option(names = "--node", paramLabel = "NAME", description = "Whose runs, instead of those of ARCHIVE_NODE.")
    private @Nullable String node;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = "Where to write it; - is standard output (default: reports below the data directory).")
    private @Nullable String output;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        try (CommandContext context = CommandContext.openExisting()) {
            String whose = node == null ? context.get(ArchiveProperties.class).node() : node;
            NightReports reports = context.get(NightReports.class);
            Night tonight = Night.current(context.get(Clock.class));
            NightReport report = night == null ? last(reports, whose, tonight) : of(reports, whose, night, tonight);
            write(reports, report);
            return ExitCode.COMPLETED.number();
        }
    }

    private static NightReport last(NightReports reports, String node, Night tonight) {
        return reports.lastNight(node, tonight)
                .flatMap(last -> reports.find(last, node))
                .orElseThrow(() -> none("no run of node "
                        + node
                        + " has ended yet; "
                        + others(reports, node).orElse("begin with: note-archive run")));
    }

    /** The nodes that have runs where this one has none, and how to ask for one of them. */
    private static Optional<String> others(NightReports reports, String node) {
        List<String> others =
                reports.nodes().stream().filter(other -> !other.equals(node)).toList();
        return others.isEmpty()
                ? Optional.empty()
                : Optional.of("there are runs of "
                        + String.join(", ", others)
                        + ": note-archive report --node "
                        + others.getFirst());
    }

    private static NightReport of(NightReports reports, String node, Night night, Night tonight) {
        return reports.find(night, node)
                .orElseThrow(() -> none("no run of node "
                        + node
                        + " began in the night of "
                        + night
                        + (night.compareTo(tonight) > 0 ? ", which has not begun" : instead(reports, node, night))));
    }

    /** Where there is a report, when there is none of that night. */
    private static String instead(NightReports reports, String node, Night night) {
        return reports.lastNight(node, night)
                .map(last -> "; the last one before that is of " + last)
                .orElseGet(() -> "; nor in any before"
                        + others(reports, node).map(of -> "; " + of).orElse(""));
    }

    private static CommandFailure none(String message) {
        return new CommandFailure(ExitCode.INCOMPLETE, message);
    }

    private void write(NightReports reports, NightReport report) throws IOException {
        String page = NightReports.page(report);
        PrintWriter out = spec.commandLine().getOut();
        if (STANDARD_OUTPUT.equals(output)) {
            out.print(page);
        } else {
            Path file = output == null ? reports.file(report) : Path.of(output).toAbsolutePath();
            Path directory = file.getParent();
            if (Files.isDirectory(file) || (output != null && directory != null && !Files.isDirectory(directory))) {
                throw new CommandFailure(
                        ExitCode.USAGE,
                        "--output "
                                + output
                                + " is a directory, or lies in none that there is; name a file in one that exists");
            }
            AtomicFile.write(file, page.getBytes(StandardCharsets.UTF_8));
            out.println(file);
        }
        out.flush();
    }

    /** Reads {@code 2026-11-25}. */
    static final class NightArgument implements ITypeConverter<Night> {

        @Override
        public Night convert(String value) {
            try {
                return new Night(LocalDate.parse(value));
            } catch (DateTimeParseException e) {
                throw new TypeConversionException("\"" + value + "\" is no day; write it like 2026-11-25");
            }
        }
    }
}
