package io.github.notearchive.io.image;

import io.github.notearchive.io.text.TerminalText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.springframework.util.FileSystemUtils;
import org.springframework.util.function.SingletonSupplier;

/**
 * External program that converts HEIF and AVIF pictures, whose decoders have had remote code execution. Thread-safe; at
 * most two processes run at a time.
 *
 * <p>A process has no network, no capabilities, its own process table, and of the files of this machine {@code /usr}
 * only, to read. It writes to a fresh directory, and has no variables of this process, 10 s, 1 GB of address space, 10
 * s of CPU time, 64 files and 256 MB a file. Where {@code bwrap} (bubblewrap) and {@code prlimit} cannot ensure that,
 * the command is not used. Its output is as hostile as its input.
 */
public final class HeifCommand {

    private static final int SECONDS = 10;

    /** First byte of a PNG. */
    private static final byte PNG = (byte) 0x89;

    /** Words before the command that isolate and limit it. */
    static final List<String> ISOLATION = List.of("""
            bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL
            --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64
            --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --ro-bind-try /etc/alternatives /etc/alternatives --dev /dev
            --bind {directory} {directory} --chdir {directory} --remount-ro / --remount-ro /dev
            prlimit --as=1073741824 --cpu=%d --nofile=64 --fsize=268435456 --core=0
            """.formatted(SECONDS).split("\\s+"));

    private final List<String> command;
    private final List<String> isolation;
    private final int seconds;
    private final Semaphore processes = new Semaphore(2);
    private final SingletonSupplier<Optional<String>> obstacle = SingletonSupplier.of(this::probe);

    /**
     * Creates the command.
     *
     * @param command program and arguments, separated by spaces, with the placeholders {@code {input}},
     *     {@code {output}} and {@code {size}}; empty for none
     */
    public HeifCommand(String command) {
        this(command.isBlank() ? List.of() : List.of(command.strip().split("\\s+")), ISOLATION, SECONDS);
    }

    /** As above, with another isolation and time limit. */
    HeifCommand(List<String> command, List<String> isolation, int seconds) {
        this.command = command;
        this.isolation = isolation;
        this.seconds = seconds;
    }

    /** Returns whether there is a command, and this machine can isolate it. */
    public boolean isUsable() {
        return !command.isEmpty() && obstacle.obtain().isEmpty();
    }

    /** Returns why the configured command is not used, with the remedy; empty if it is, or there is none. */
    public Optional<String> refusal() {
        return command.isEmpty() ? Optional.empty() : obstacle.obtain();
    }

    /** Returns whether only such a command decodes a content type. */
    public static boolean isHeif(String contentType) {
        return contentType.equals("image/heic") || contentType.equals("image/avif");
    }

    /**
     * Returns a JPEG of a picture, as {@link JpegScaler#scale} does for other types.
     *
     * @throws IOException if there is no usable command, or it fails, exceeds its limits or writes no picture
     */
    public byte[] jpeg(byte[] picture, int width) throws IOException {
        if (!isUsable()) {
            throw new IOException("there is no command for HEIF pictures");
        }
        processes.acquireUninterruptibly();
        try {
            byte[] converted = convert(picture, 2 * width);
            return JpegScaler.scale(converted, converted[0] == PNG ? "image/png" : "image/jpeg", width);
        } finally {
            processes.release();
        }
    }

    private byte[] convert(byte[] picture, int size) throws IOException {
        Path directory = Files.createTempDirectory("note-archive-heif");
        try {
            Path input = Files.write(directory.resolve("input.heic"), picture);
            Path output = directory.resolve("output.jpg");
            run(
                    directory,
                    command.stream()
                            .map(word -> word.replace("{input}", input.toString())
                                    .replace("{output}", output.toString())
                                    .replace("{size}", String.valueOf(size))));
            return output(directory);
        } finally {
            FileSystemUtils.deleteRecursively(directory);
        }
    }

    /** Reads the output, or the first one: heif-dec numbers the files if there are several pictures. */
    private static byte[] output(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            Path written = files.filter(file -> file.getFileName().toString().startsWith("output"))
                    .sorted()
                    .findFirst()
                    .orElseThrow(() -> new IOException("the command wrote no picture"));
            long length = Files.isRegularFile(written, LinkOption.NOFOLLOW_LINKS) ? Files.size(written) : 0;
            if (length == 0 || length > JpegScaler.MAX_BYTES) {
                throw new IOException("the command wrote no picture of a valid size, but %d bytes".formatted(length));
            }
            return Files.readAllBytes(written);
        }
    }

    private void run(Path directory, Stream<String> words) throws IOException {
        Path errors = directory.resolve("errors");
        ProcessBuilder builder = new ProcessBuilder(Stream.concat(isolation.stream(), words)
                        .map(word -> word.replace("{directory}", directory.toString()))
                        .toList())
                .directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(errors.toFile());
        Map<String, String> variables = builder.environment();
        String path = Objects.requireNonNullElse(variables.get("PATH"), "/usr/bin:/bin");
        variables.clear(); // they may hold secrets
        variables.putAll(Map.of("PATH", path, "HOME", directory.toString(), "TMPDIR", directory.toString()));
        Process process = builder.start();
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                throw new IOException("the command did not end within %d s".formatted(seconds));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted during the conversion of a HEIF picture", e);
        } finally {
            process.destroyForcibly(); // the end of bwrap kills all processes below it
        }
        if (process.exitValue() != 0) {
            throw new IOException("the command ended with %d: %s".formatted(process.exitValue(), excerpt(errors)));
        }
    }

    private static String excerpt(Path errors) throws IOException {
        if (!Files.isRegularFile(errors, LinkOption.NOFOLLOW_LINKS)) {
            return ""; // replaced by the command, for example by a pipe that blocks the reader
        }
        try (InputStream in = Files.newInputStream(errors)) {
            return TerminalText.excerpt(new String(in.readNBytes(500), StandardCharsets.UTF_8), 100);
        }
    }

    /** Returns why a command cannot be isolated here; empty if it can. */
    private Optional<String> probe() {
        try {
            Path directory = Files.createTempDirectory("note-archive-heif");
            try {
                run(directory, Stream.of("true"));
                return Optional.empty();
            } finally {
                FileSystemUtils.deleteRecursively(directory);
            }
        } catch (IOException e) {
            return Optional.of(
                    ("archive.browse.heif-command cannot be isolated and is not used; install bubblewrap and permit "
                                    + "user namespaces, or remove the setting (%s)")
                            .formatted(e.getMessage()));
        }
    }
}
