package io.github.notearchive.cli;

import io.github.notearchive.archive.query.NoteFilter;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.io.text.DisplayFormat;
import io.github.notearchive.io.text.TerminalText;
import io.github.notearchive.note.NoteId;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.commons.lang3.function.FailableFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/**
 * Base of the commands: output, usage errors, and the start of the program.
 *
 * <p>A command parses its arguments without Spring, starts the program, and obtains the beans that it needs. It writes
 * its result to standard output and returns an exit code.
 */
@Command(mixinStandardHelpOptions = true)
public abstract class ArchiveCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(names = "--data-dir", paramLabel = "DIR")
    private @Nullable Path dataDir;

    final Optional<Path> dataDirectory() {
        return Optional.ofNullable(dataDir);
    }

    /** Adds the settings that select the archive of {@code --data-dir}, with its embedded servers. */
    protected final Map<String, String> withDirectory(Map<String, String> settings) {
        if (dataDir == null) {
            return settings;
        }
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(ofDirectory(dataDir));
        return all;
    }

    static Map<String, String> ofDirectory(Path directory) {
        Map<String, String> settings = new HashMap<>(SandboxCommand.storeOf(directory));
        settings.put("archive.data-dir", directory.toAbsolutePath().normalize().toString());
        settings.put("spring.datasource.url", "");
        return settings;
    }

    /**
     * Starts the program on an existing archive and executes the body of a command.
     *
     * @throws CommandFailure if there is no archive; none is created
     */
    final int execute(FailableFunction<CommandContext, ExitCode, Exception> body) throws Exception {
        return execute(CommandContext.openExisting(withDirectory(Map.of())), body);
    }

    /**
     * As above, with the bean that the command needs.
     *
     * @param settings settings that have precedence over all others
     */
    final <A> int execute(Map<String, String> settings, Class<A> action, FailableFunction<A, ExitCode, Exception> body)
            throws Exception {
        return execute(
                CommandContext.openExisting(withDirectory(settings)), context -> body.apply(context.get(action)));
    }

    /** As above, if the database is not older than its bucket: a restored dump has notes that were erased later. */
    final int executeIfCurrent(FailableFunction<CommandContext, ExitCode, Exception> body) throws Exception {
        return execute(CommandContext.openExisting(withDirectory(Map.of())).requireNoDifference(), body);
    }

    /**
     * Starts what the body obtains on an existing archive, and executes it. Reports a database that is older than its
     * bucket; its erased notes are hidden.
     */
    final int read(Map<String, String> settings, FailableFunction<CommandContext, ExitCode, Exception> body)
            throws Exception {
        CommandContext context = CommandContext.openToRead(withDirectory(settings));
        context.difference().ifPresent(this::warn);
        return execute(context, body);
    }

    final int read(FailableFunction<CommandContext, ExitCode, Exception> body) throws Exception {
        return read(Map.of(), body);
    }

    /** Starts the program, also without an archive, and executes the body of a command. */
    final int executeOrCreate(FailableFunction<CommandContext, ExitCode, Exception> body) throws Exception {
        return execute(CommandContext.open(withDirectory(Map.of()), null), body);
    }

    final <A> int executeOrCreate(Class<A> action, FailableFunction<A, ExitCode, Exception> body) throws Exception {
        return executeOrCreate(context -> body.apply(context.get(action)));
    }

    private static int execute(CommandContext opened, FailableFunction<CommandContext, ExitCode, Exception> body)
            throws Exception {
        try (CommandContext context = opened) {
            return body.apply(context).number();
        }
    }

    final CommandLine commandLine() {
        return spec.commandLine();
    }

    protected final PrintWriter out() {
        return commandLine().getOut();
    }

    final PrintWriter err() {
        return commandLine().getErr();
    }

    /** Renders a template, with colours if standard output is a terminal that shows them. */
    final String text(String template, Object model) {
        return ConsoleText.render(
                template, model, commandLine().getColorScheme().ansi().enabled());
    }

    /** Writes a message with the name of the program to standard error. */
    final void warn(String message) {
        err().println(TerminalText.lines("note-archive: " + message));
        err().flush();
    }

    static String json(Object document) {
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(document);
    }

    /** Returns an error of the arguments, which ends the command with {@link ExitCode#USAGE}. */
    protected final ParameterException usage(String message) {
        return new ParameterException(commandLine(), message);
    }

    /** @throws ParameterException with the problem of the arguments, if there is one */
    final void refuseIf(boolean isInvalid, String problem) {
        if (isInvalid) {
            throw usage(problem);
        }
    }

    final NoteId noteId(String text) {
        return NoteId.parse(text)
                .orElseThrow(() -> usage("\"" + text + "\" is not a note id, which has 24 hexadecimal digits"));
    }

    final List<NoteId> noteIds(List<String> texts) {
        return texts.stream().map(this::noteId).toList();
    }

    /** @throws ParameterException with the invalid term */
    final NoteFilter filter(String text) {
        try {
            return NoteFilter.parse(text);
        } catch (IllegalArgumentException e) {
            throw usage(String.valueOf(e.getMessage()));
        }
    }

    /** @throws ParameterException if the file of an option cannot be created or replaced */
    final void requireOutput(String option, Path file) {
        Path directory = file.toAbsolutePath().getParent();
        refuseIf(
                directory == null || Files.isDirectory(file) || !Files.isDirectory(directory),
                "%s %s is a directory, or its directory does not exist; nothing was done. Name another file"
                        .formatted(option, file));
    }

    /** Returns the recommended action after a job that did not complete, by the name of its command. */
    static String next(String job, ExitCode exitCode) {
        return switch (exitCode) {
            case INTERRUPTED -> job + " again; the same command resumes this one";
            case UPSTREAM_UNAVAILABLE -> job + " again when the server is available; the same command resumes this one";
            case ALREADY_RUNNING -> "no action required; the other " + job + " continues";
            case USAGE -> "correct the configuration, then " + job + " again";
            default -> "read the log; the next " + job + " resumes this one";
        };
    }

    /** Describes the erasure of a note, without the note itself; empty if it is not erased. */
    static Optional<String> erasure(ErasureList erased, NoteId id) {
        return erased.find(id)
                .map(tombstone -> " was forgotten at %s Shanghai%s%s"
                        .formatted(
                                DisplayFormat.minute(tombstone.at()),
                                tombstone.reason() == null ? "" : " (" + TerminalText.line(tombstone.reason()) + ")",
                                tombstone.finishedAt() == null
                                        ? ", but not completely: repeat the same forget --yes"
                                        : ", and nothing of it is kept"));
    }

    /** @throws CommandFailure if the note is erased */
    static void requireNotErased(ErasureList erased, NoteId id) {
        erasure(erased, id).ifPresent(text -> {
            throw CommandFailure.usage("note " + id + text);
        });
    }

    static Map<String, String> ofNode(@Nullable String node) {
        return node == null ? Map.of() : Map.of("archive.node", node);
    }
}
