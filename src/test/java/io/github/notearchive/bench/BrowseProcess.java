package io.github.notearchive.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.NoteArchive;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** The command {@code browse} as a process with a heap of 256 MB, and a reader who is logged in. */
final class BrowseProcess implements AutoCloseable {

    static final String HEAP = "-Xmx256m";

    private final HttpClient http = HttpClient.newHttpClient();
    private final Process process;
    private final URI server;
    private final String cookie;

    /** Starts it over a database, with an embedded store in a directory. */
    BrowseProcess(ArchiveDatabase database, Path directory) throws IOException, InterruptedException {
        ProcessBuilder command = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        HEAP,
                        "-cp",
                        System.getProperty("java.class.path"),
                        NoteArchive.class.getName(),
                        "browse",
                        "--port",
                        "0")
                .redirectError(directory.resolve("browse.err").toFile());
        command.environment().put("ARCHIVE_DATA_DIR", directory.toString());
        command.environment().put("ARCHIVE_DATABASE_URL", database.jdbcUrl());
        command.environment().put("ARCHIVE_DATABASE_USER", database.user());
        command.environment().put("ARCHIVE_DATABASE_PASSWORD", database.password());
        process = command.start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String link = out.readLine();
        assertThat(link).as("the link, or see %s", directory).startsWith("http://");
        server = URI.create(link);
        cookie = http.send(HttpRequest.newBuilder(server).build(), BodyHandlers.discarding())
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow()
                .replaceFirst(";.*", "");
    }

    /** Returns the body of a page; fails unless its status is 200. */
    String get(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(server.resolve(path))
                        .header("Cookie", cookie)
                        .build(),
                BodyHandlers.ofString());
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        return response.body();
    }

    /** Times of requests in milliseconds, sorted. */
    record Times(List<Double> values, double first) {

        double percentile(int percent) {
            return values.get(Math.ceilDiv(values.size() * percent, 100) - 1);
        }

        /** Returns first, median, 95th percentile and maximum, as cells. */
        String cells() {
            return String.format(
                    Locale.ROOT, "%.0f | %.1f | %.1f | %.1f", first, percentile(50), percentile(95), values.getLast());
        }
    }

    /** Requests each path once and then all of them in turn; the first request is not among the times. */
    Times time(List<String> paths, int requests) throws IOException, InterruptedException {
        double first = time(paths.getFirst());
        List<Double> times = new ArrayList<>();
        for (int i = 1; i <= requests; i++) {
            times.add(time(paths.get(i % paths.size())));
        }
        Collections.sort(times);
        return new Times(times, first);
    }

    private double time(String path) throws IOException, InterruptedException {
        long began = System.nanoTime();
        get(path);
        return (System.nanoTime() - began) / 1e6;
    }

    /** Returns the peak of the resident memory in megabytes. */
    long peakMemory() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElse(0);
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
