package io.github.notearchive.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.telemetry.Receivers.DeliveryException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * File for node_exporter's textfile collector.
 *
 * <p>It is replaced atomically and readable by everyone. Metric families that this process has not measured keep their
 * lines, so a run that did not reach the database keeps the last success. Processes that write at the same time take
 * turns by a lock file.
 */
record Textfile(Path file, PrometheusMeterRegistry registry) {

    private static final Pattern FAMILY = Pattern.compile("# HELP (\\S+).*");

    void export() throws DeliveryException {
        Path lockFile = file.resolveSibling("." + file.getFileName() + ".lock");
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            Map<String, String> families = families(Files.exists(file) ? Files.readString(file, UTF_8) : "");
            families.putAll(families(registry.scrape()));
            byte[] text = String.join("", families.values()).getBytes(UTF_8);
            AtomicFile.write(file, ".tmp", out -> out.write(text), AtomicFile.READABLE_BY_ALL);
        } catch (FileSystemException e) {
            String why = e.getReason() == null ? "" : ": " + e.getReason();
            throw new DeliveryException(e.getClass().getSimpleName() + why, false);
        } catch (IOException e) {
            throw new DeliveryException(e.toString(), false);
        }
    }

    /** Splits the text format into metric families by name, each with all its lines. */
    private static Map<String, String> families(String text) {
        Map<String, String> families = new TreeMap<>();
        String family = "";
        for (String line : text.lines().toList()) {
            Matcher header = FAMILY.matcher(line);
            family = header.matches() ? header.group(1) : family.isEmpty() ? line : family;
            families.merge(family, line + "\n", String::concat);
        }
        return families;
    }
}
