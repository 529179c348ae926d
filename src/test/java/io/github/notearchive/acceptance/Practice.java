package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.notearchive.acceptance.Place.Site;
import io.github.notearchive.acceptance.Program.Ended;
import io.github.notearchive.sandbox.SandboxSettings;
import io.github.notearchive.sandbox.ScriptableSandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.util.FileSystemUtils;

/**
 * One test's world: a provider, a place for rows and objects, and the program's processes, none of which may ever print
 * a secret.
 */
final class Practice implements AutoCloseable {

    static final String TOKEN = "token-4f1c9e7702d84a55";

    /** How many notes are worked on at once. */
    static final int WORKERS = 8;

    private final Path directory;
    private final ScriptableSandbox provider;
    private final Site site;
    private final Map<String, String> environment = new HashMap<>();
    private final List<Program> programs = new ArrayList<>();

    private Practice(Place place, SandboxSettings settings) {
        try {
            directory = Files.createTempDirectory("note-archive-practice-").toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        provider = ScriptableSandbox.start(settings, TOKEN, 8 * 1024);
        site = place.prepare(directory.resolve("data"));
        environment.put("JUSTONEAPI_TOKEN", TOKEN);
        environment.put("JUSTONEAPI_BASE_URL", provider.baseUrl().toString());
        environment.put("ARCHIVE_MEDIA_HOSTS", provider.mediaHost());
        environment.put("ARCHIVE_CALLS_PER_SECOND", "500");
        environment.put("ARCHIVE_WORKERS", String.valueOf(WORKERS));
        environment.put("ARCHIVE_RETRY_DELAYS", "50ms,100ms,200ms,200ms");
        environment.putAll(site.environment());
    }

    static Practice begin(Place place) {
        return begin(place, SandboxSettings.defaults());
    }

    static Practice begin(Place place, SandboxSettings settings) {
        return new Practice(place, settings);
    }

    ScriptableSandbox provider() {
        return provider;
    }

    Path directory() {
        return directory;
    }

    /** The environment of all processes; can be changed before a start. */
    Map<String, String> environment() {
        return environment;
    }

    /** Starts the program, and returns while it runs. */
    synchronized Program start(String... arguments) {
        Program program = Program.start(directory, environment, arguments);
        programs.add(program);
        return program;
    }

    /** Starts the program behind a command of the shell that changes what a process inherits. */
    synchronized Program startAfter(String shell, String... arguments) {
        Program program = Program.startAfter(directory, environment, shell, arguments);
        programs.add(program);
        return program;
    }

    /** Starts the program with one more variable. */
    synchronized Program startWith(Map<String, String> more, String... arguments) {
        Map<String, String> all = new HashMap<>(environment);
        all.putAll(more);
        Program program = Program.start(directory, all, arguments);
        programs.add(program);
        return program;
    }

    /** Runs the program to its end. */
    Ended call(String... arguments) {
        return discreet(start(arguments).end());
    }

    /** Waits for the end of a program, so long at most. */
    Ended end(Program program, Duration atMost) {
        return discreet(program.end(atMost));
    }

    Ended end(Program program) {
        return discreet(program.end());
    }

    private Ended discreet(Ended ended) {
        assertThat(ended.out() + ended.err())
                .as("what " + ended.arguments() + " prints")
                .doesNotContain(TOKEN)
                .doesNotContain(site.secrets());
        return ended;
    }

    /** Puts the first notes of the provider on the worklist; their ids. */
    List<String> enqueue(int notes) {
        List<String> ids = provider.noteIds(notes);
        Ended ended = call("enqueue", file("ids.txt", String.join("\n", ids)).toString())
                .with(0);
        assertThat(ended.out()).contains(notes + " new, 0 already known");
        return ids;
    }

    /** Writes a file beside the program's working directory. */
    Path file(String name, String text) {
        try {
            return Files.writeString(directory.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Archive look() {
        return site.look();
    }

    /** Looks into it beside a program that has just been started, as soon as its servers are there. */
    Archive beside(Program program) {
        await().atMost(Duration.ofSeconds(180))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> site.isServedBy(program) || !program.isRunning());
        assertThat(program.isRunning()).as("the program runs").isTrue();
        return look();
    }

    List<String> secrets() {
        List<String> secrets = new ArrayList<>(site.secrets());
        secrets.add(TOKEN);
        return secrets;
    }

    @Override
    public void close() {
        programs.stream().filter(Program::isRunning).forEach(Program::kill);
        try (provider;
                site) {
            provider.releaseAnswers();
            provider.releaseMedia();
        } finally {
            try {
                FileSystemUtils.deleteRecursively(directory);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
