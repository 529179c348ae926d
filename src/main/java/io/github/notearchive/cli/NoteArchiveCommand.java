package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.io.text.TerminalText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.springframework.core.io.support.PropertiesLoaderUtils;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program: all commands, and their exit codes. */
@Command(
        name = "note-archive",
        resourceBundle = "io.github.notearchive.cli.help",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        versionProvider = NoteArchiveCommand.Version.class)
public final class NoteArchiveCommand {

    /** Link to the file behind standard output, where the system has one. */
    private static final Path STANDARD_OUTPUT = Path.of("/dev/stdout");

    /** All commands, in the order of the help. */
    private static final List<Class<?>> COMMANDS = List.of(
            RunCommand.class,
            EnqueueCommand.class,
            CheckCommand.class,
            PlanCommand.class,
            StatusCommand.class,
            ExplainCommand.class,
            ReportCommand.class,
            SearchCommand.class,
            ListCommand.class,
            BrowseCommand.class,
            ShowCommand.class,
            RequeueCommand.class,
            WaiveCommand.class,
            VerifyCommand.class,
            RebuildCommand.class,
            RemapCommand.class,
            ExportCommand.class,
            PublishCommand.class,
            ProveCommand.class,
            ForgetCommand.class,
            SandboxCommand.class,
            ServersCommand.class,
            NotifyCommand.class,
            ConfigCommand.class,
            ExitCodeCommand.class,
            HelpCommand.class);

    private NoteArchiveCommand() {}

    /**
     * Executes a command.
     *
     * @return exit code of the process; not 0 if the output file is incomplete, except for {@code run}, which returns
     *     the result of its night
     */
    public static int execute(String... arguments) {
        CommandLine program = commandLine(arguments);
        int exitCode = program.execute(arguments);
        program.getOut().flush();
        if (!System.out.checkError() || !Files.isRegularFile(STANDARD_OUTPUT)) {
            return exitCode; // the reader of a pipe may close it early
        }
        program.getErr()
                .println("note-archive: standard output cannot be written, for example on a full disk: its content is "
                        + "incomplete. Free space, or name another file");
        program.getErr().flush();
        boolean isRun = arguments.length > 0 && arguments[0].equals("run");
        return exitCode == ExitCode.COMPLETED.number() && !isRun ? ExitCode.FAILED.number() : exitCode;
    }

    /**
     * Returns the program with the command that is the first argument, else with all: a cold start builds each slowly.
     */
    static CommandLine commandLine(String... arguments) {
        CommandLine program = new CommandLine(new NoteArchiveCommand());
        Stream.of(arguments)
                .limit(1)
                .flatMap(name -> COMMANDS.stream()
                        .filter(type -> type.getAnnotation(Command.class).name().equals(name)))
                .filter(type -> type != HelpCommand.class)
                .findFirst()
                .ifPresentOrElse(program::addSubcommand, () -> {
                    COMMANDS.forEach(program::addSubcommand);
                    program.addSubcommand("completion", new GenerateCompletion());
                });
        return Arguments.register(program)
                .setColorScheme(
                        Help.defaultColorScheme("dumb".equals(System.getenv("TERM")) ? Help.Ansi.OFF : Help.Ansi.AUTO))
                .setUsageHelpAutoWidth(true)
                .setUsageHelpLongOptionsMaxWidth(26)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionStrategy(parsed -> pointToPage(
                        new CommandLine.RunLast().execute(parsed),
                        parsed.commandSpec().commandLine()))
                .setParameterExceptionHandler((e, _) -> {
                    CommandLine command = e.getCommandLine();
                    command.getErr().println(TerminalText.lines("note-archive: " + problem(e)));
                    UnmatchedArgumentException.printSuggestions(e, command.getErr());
                    command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
                    return ExitCode.USAGE.number();
                })
                .setExecutionExceptionHandler((e, command, _) -> {
                    CommandFailure failure = ErrorTranslator.explain(e).orElseGet(() -> {
                        LoggerFactory.getLogger(NoteArchiveCommand.class).error("Unexpected error", e);
                        return new CommandFailure(
                                ExitCode.FAILED,
                                "unexpected error: " + TerminalText.line(e)
                                        + ". See the log above; no paid response is lost");
                    });
                    command.getErr().println(TerminalText.lines("note-archive: " + failure.getMessage()));
                    return pointToPage(failure.exitCode().number(), command);
                });
    }

    /** Returns the message; that about unknown options without the values that follow them. */
    private static @Nullable String problem(ParameterException e) {
        List<String> options = e instanceof UnmatchedArgumentException unmatched
                ? unmatched.getUnmatched().stream()
                        .filter(argument -> argument.startsWith("-"))
                        .toList()
                : List.of();
        return options.isEmpty() ? e.getMessage() : "Unknown option: " + String.join(", ", options);
    }

    /** Prints where an exit code is explained, and returns the exit code. */
    private static int pointToPage(int exitCode, CommandLine command) {
        if (exitCode != ExitCode.COMPLETED.number()) {
            command.getOut().flush();
            command.getErr().println("Help: note-archive exit-code " + exitCode);
        }
        return exitCode;
    }

    static final class Version implements IVersionProvider {

        @Override
        public String[] getVersion() throws IOException {
            Properties build = PropertiesLoaderUtils.loadAllProperties("META-INF/build-info.properties");
            return new String[] {"note-archive " + build.getProperty("build.version", "(not packaged)")};
        }
    }
}
