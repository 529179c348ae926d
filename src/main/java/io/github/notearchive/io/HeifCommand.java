package io.github.notearchive.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;
import org.springframework.util.function.SingletonSupplier;

/**
 * External program that converts HEIF and AVIF pictures, whose decoders have had remote code execution. Thread-safe; at
 * most two processes run at a time.
 *
 * <p>A process has a fresh directory, no variables of this process, 20 s, and where {@code prlimit} exists, 1 GB of
 * address space, 20 s of CPU time, 64 files and 256 MB a file. Where {@code unshare} works, it has no network and its
 * own process table; otherwise the system has to isolate it. Its output is as hostile as its input.
 */
public final class HeifCommand {

    private static final Logger log = LoggerFactory.getLogger(HeifCommand.class);

    private static final int SECONDS = 20;

    /** First byte of a PNG. */
    private static final byte PNG = (byte) 0x89;

    /** Words before the command that isolate and limit it, each of which is used if it works on this machine. */
    private static final List<List<String>> ISOLATIONS = List.of(
            List.of("unshare", "--map-root-user", "--net", "--pid", "--kill-child"),
            List.of("prlimit", "--as=1073741824", "--cpu=" + SECONDS, "--nofile=64", "--fsize=268435456", "--core=0"));

    private final List<String> command;
    private final int seconds;
    private final Semaphore processes = new Semaphore(2);
    private final SingletonSupplier<List<String>> isolation = SingletonSupplier.of(HeifCommand::isolation);

    /**
     * Creates the command.
     *
     * @param command program and arguments, separated by spaces, with the placeholders {@code {input}},
     *     {@code {output}} and {@code {size}}; empty for none
     */
    public HeifCommand(String command) {
        this(command, SECONDS);
    }

    /** As above, with another time limit. */
    HeifCommand(String command, int seconds) {
        this.command = command.isBlank() ? List.of() : List.of(command.strip().split("\\s+"));
        this.seconds = seconds;
    }

    public boolean isConfigured() {
        return !command.isEmpty();
    }

    /** Returns whether only such a command decodes a content type. */
    public static boolean isHeif(String contentType) {
        return contentType.equals("image/heic") || contentType.equals("image/avif");
    }

    /**
     * Returns a JPEG of a picture, as {@link JpegScaler#scale} does for other types.
     *
     * @throws IOException if there is no command, or it fails, exceeds its limits or writes no picture
     */
    public byte[] jpeg(byte[] picture, int width) throws IOException {
        if (!isConfigured()) {
            throw new IOException("archive.browse.heif-command is not set");
        }
        byte[] converted = convert(picture, 2 * width);
        return JpegScaler.scale(converted, converted[0] == PNG ? "image/png" : "image/jpeg", width);
    }

    private byte[] convert(byte[] picture, int size) throws IOException {
        try {
            processes.acquire();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted before the conversion of a HEIF picture", e);
        }
        try {
            Path directory = Files.createTempDirectory("note-archive-heif");
            try {
                return convert(picture, size, directory);
            } finally {
                FileSystemUtils.deleteRecursively(directory);
            }
        } finally {
            processes.release();
        }
    }

    private byte[] convert(byte[] picture, int size, Path directory) throws IOException {
        Path input = Files.write(directory.resolve("input.heic"), picture);
        Path output = directory.resolve("output.jpg");
        List<String> line = new ArrayList<>(isolation.obtain());
        command.forEach(word -> line.add(word.replace("{input}", input.toString())
                .replace("{output}", output.toString())
                .replace("{size}", String.valueOf(size))));
        run(line, directory);
        // heif-dec numbers the files if there are several pictures
        try (Stream<Path> files = Files.list(directory)) {
            Path written = Files.exists(output)
                    ? output
                    : files.filter(file -> file.getFileName().toString().startsWith("output-"))
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

    private void run(List<String> line, Path directory) throws IOException {
        Path errors = directory.resolve("errors");
        Process process = start(line, directory, errors);
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                throw new IOException("the command did not end within %d s".formatted(seconds));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted during the conversion of a HEIF picture", e);
        } finally {
            // children first: those of a dead process are no longer found
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        if (process.exitValue() != 0) {
            throw new IOException("the command ended with %d: %s".formatted(process.exitValue(), start(errors)));
        }
    }

    private static Process start(List<String> line, Path directory, Path errors) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(line)
                .directory(directory.toFile())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(errors.toFile());
        Map<String, String> variables = builder.environment();
        String path = Objects.requireNonNullElse(variables.get("PATH"), "/usr/bin:/bin");
        variables.clear(); // they may hold secrets
        variables.putAll(Map.of("PATH", path, "HOME", directory.toString(), "TMPDIR", directory.toString()));
        return builder.start();
    }

    private static String start(Path errors) throws IOException {
        if (!Files.isRegularFile(errors, LinkOption.NOFOLLOW_LINKS)) {
            return ""; // replaced by the command, for example by a pipe that blocks the reader
        }
        try (InputStream in = Files.newInputStream(errors)) {
            return TerminalText.excerpt(new String(in.readNBytes(500), StandardCharsets.UTF_8), 100);
        }
    }

    private static List<String> isolation() {
        List<String> words = new ArrayList<>();
        for (List<String> isolation : ISOLATIONS) {
            if (works(isolation)) {
                words.addAll(isolation);
            } else {
                log.warn("HEIF pictures are converted without {}, which does not work here", isolation.getFirst());
            }
        }
        return words;
    }

    private static boolean works(List<String> isolation) {
        List<String> line = new ArrayList<>(isolation);
        line.add("true");
        try {
            Process process = new ProcessBuilder(line)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            boolean ended = process.waitFor(5, TimeUnit.SECONDS);
            process.destroyForcibly();
            return ended && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
