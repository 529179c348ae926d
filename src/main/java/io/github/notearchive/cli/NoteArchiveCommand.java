package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.ConfigCommand;
import io.github.notearchive.io.TerminalText;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program as it is typed. */
@Command(
        name = "note-archive",
        description = "Archives Xiaohongshu notes, with their images and sound, before they vanish.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = NoteArchiveCommand.Version.class,
        subcommands = {
            RunCommand.class,
            EnqueueCommand.class,
            CheckCommand.class,
            PlanCommand.class,
            StatusCommand.class,
            ExplainCommand.class,
            ReportCommand.class,
            SearchCommand.class,
            RequeueCommand.class,
            WaiveCommand.class,
            VerifyCommand.class,
            RebuildCommand.class,
            RemapCommand.class,
            ExportCommand.class,
            ForgetCommand.class,
            SandboxCommand.class,
            ServersCommand.class,
            ConfigCommand.class,
            ExitCodeCommand.class,
            HelpCommand.class
        },
        footer = {
            "",
            "Begin with: note-archive sandbox    (no token, no network, no bill)",
            "Exit codes: 0 done, 1 unforeseen, 2 usage or configuration, 3 quota used up,",
            "            4 account blocked, 5 already running, 6 done in part,",
            "            7 interrupted, 8 a server is out of reach",
            "            note-archive exit-code N tells more of one"
        })
public final class NoteArchiveCommand implements Runnable {

    /** Leads to what standard output is, where the system has such a link. */
    private static final Path STANDARD_OUTPUT = Path.of("/dev/stdout");

    /** Commands and options that remove data; a mistyped word never suggests one. */
    private static final Set<String> DESTRUCTIVE = Set.of("forget", "--yes", "--delete-orphans");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    private NoteArchiveCommand() {}

    /**
     * Does what the arguments ask for.
     *
     * @return the exit code of the process; not 0 when the file that the output goes to does not hold all of it, but
     *     for {@code run}, whose code is that of its night
     */
    public static int execute(String... arguments) {
        CommandLine program = commandLine();
        int exitCode = program.execute(arguments);
        program.getOut().flush();
        if (!System.out.checkError() || !Files.isRegularFile(STANDARD_OUTPUT)) {
            return exitCode; // whoever closes a pipe has seen enough
        }
        program.getErr()
                .println(
                        "note-archive: standard output takes no more, as of a disk that is full: what stands there is not whole. Make room, or name another file");
        program.getErr().flush();
        boolean tellsHowTheNightEnded = arguments.length > 0 && arguments[0].equals("run");
        return exitCode == ExitCode.COMPLETED.number() && !tellsHowTheNightEnded ? ExitCode.FAILED.number() : exitCode;
    }

    static CommandLine commandLine() {
        return new CommandLine(new NoteArchiveCommand())
                .setUsageHelpAutoWidth(true)
                .setUsageHelpLongOptionsMaxWidth(26)
                .setExecutionStrategy(parsed -> {
                    int exitCode = new CommandLine.RunLast().execute(parsed);
                    pointToPage(exitCode, parsed.commandSpec().commandLine());
                    return exitCode;
                })
                .setParameterExceptionHandler((e, _) -> {
                    CommandLine command = e.getCommandLine();
                    command.getErr().println("note-archive: " + e.getMessage());
                    suggestions(e).ifPresent(command.getErr()::println);
                    command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
                    return ExitCode.USAGE.number();
                })
                .setExecutionExceptionHandler((e, command, _) -> {
                    Optional<CommandFailure> failure = ErrorTranslator.explain(e);
                    if (failure.isPresent()) {
                        command.getErr()
                                .println(TerminalText.lines(
                                        "note-archive: " + failure.get().getMessage()));
                        pointToPage(failure.get().exitCode().number(), command);
                        return failure.get().exitCode().number();
                    }
                    LoggerFactory.getLogger(NoteArchiveCommand.class).error("Unforeseen", e);
                    command.getErr()
                            .println("note-archive: unforeseen: "
                                    + TerminalText.line(e)
                                    + ". The log above says where; nothing that was bought is lost");
                    pointToPage(ExitCode.FAILED.number(), command);
                    return ExitCode.FAILED.number();
                });
    }

    /** What a mistyped word may have meant; empty when nothing is similar. */
    private static Optional<String> suggestions(ParameterException e) {
        if (!(e instanceof UnmatchedArgumentException unmatched)) {
            return Optional.empty();
        }
        List<String> similar = unmatched.getSuggestions().stream()
                .filter(word -> !DESTRUCTIVE.contains(word))
                .toList();
        if (similar.isEmpty()) {
            return Optional.empty();
        }
        String program = unmatched.getCommandLine().getCommandSpec().qualifiedName() + " ";
        return Optional.of(
                unmatched.isUnknownOption()
                        ? "Possible solutions: " + String.join(", ", similar)
                        : "Did you mean: " + program + String.join(" or " + program, similar) + "?");
    }

    /** Whoever reads a log at night should not have to look for what a number means. */
    private static void pointToPage(int exitCode, CommandLine command) {
        if (exitCode != ExitCode.COMPLETED.number()) {
            command.getOut().flush();
            command.getErr().println(pointer(exitCode));
        }
    }

    static String pointer(int exitCode) {
        return "note-archive: what exit code %1$d means, and what to do: note-archive exit-code %1$d"
                .formatted(exitCode);
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "say what to do: one of " + String.join(", ", spec.subcommands().keySet()));
    }

    /** The version that the build wrote down. */
    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() throws Exception {
            Properties build = new Properties();
            try (InputStream in = Version.class.getResourceAsStream("/META-INF/build-info.properties")) {
                if (in != null) {
                    build.load(in);
                }
            }
            return new String[] {"note-archive " + build.getProperty("build.version", "(not packaged)")};
        }
    }
}
