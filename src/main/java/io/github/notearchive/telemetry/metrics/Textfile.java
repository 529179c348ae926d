package io.github.notearchive.telemetry.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.AtomicFile;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * File for node_exporter's textfile collector.
 *
 * <p>It is replaced atomically and readable by everyone. Metric families that this process has not measured keep their
 * lines, so a run that did not reach the database keeps the last success. Processes that write at the same time take
 * turns by a lock file.
 */
final class Textfile implements MetricsExporter {

    private static final Pattern FAMILY = Pattern.compile("# HELP (\\S+).*");
    private static final Pattern NODE = Pattern.compile("[{,]node=\"([^\"]*)\"");
    private static final Pattern OWN = Pattern.compile("(note_archive|spring_batch)_.*");

    private final Path file;
    private final String node;
    private final PrometheusMeterRegistry registry;

    Textfile(Path file, String node, PrometheusMeterRegistry registry) {
        this.file = file;
        this.node = node;
        this.registry = registry;
    }

    @Override
    public String name() {
        return "textfile";
    }

    @Override
    public String target() {
        return file.toString();
    }

    @Override
    public void export(boolean isLast) throws ExportException {
        Path lockFile = file.resolveSibling("." + file.getFileName() + ".lock");
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            write();
        } catch (OverlappingFileLockException e) {
            throw new ExportException("another thread is writing it");
        } catch (FileSystemException e) {
            String why = e.getReason();
            throw new ExportException(e.getClass().getSimpleName() + (why == null ? "" : ": " + why));
        } catch (IOException e) {
            throw new ExportException(e.toString());
        }
    }

    private void write() throws IOException, ExportException {
        Map<String, String> families = new TreeMap<>();
        if (Files.exists(file)) {
            families.putAll(before());
        }
        families.putAll(families(registry.scrape()));
        byte[] text = String.join("", families.values()).getBytes(UTF_8);
        AtomicFile.write(file, ".tmp", out -> out.write(text), AtomicFile.READABLE_BY_ALL);
    }

    /**
     * Returns the families of the existing file.
     *
     * @throws ExportException if the file belongs to another program or node
     */
    private Map<String, String> before() throws IOException, ExportException {
        String text = Files.readString(file, UTF_8);
        Map<String, String> families = families(text);
        for (String family : families.keySet()) {
            if (!OWN.matcher(family).matches()) {
                throw new ExportException("not replaced, since it contains " + family
                        + " of another program; set another file in archive.metrics.textfile");
            }
        }
        Matcher owner = NODE.matcher(text);
        if (owner.find() && !owner.group(1).equals(node)) {
            throw new ExportException("not replaced, since it belongs to node " + owner.group(1)
                    + "; use {node} in archive.metrics.textfile, or delete the file of a removed node");
        }
        return families;
    }

    /** Splits the text format into metric families by name, each with all its lines. */
    static Map<String, String> families(String text) {
        Map<String, String> families = new TreeMap<>();
        @Nullable String family = null;
        for (String line : text.lines().toList()) {
            Matcher header = FAMILY.matcher(line);
            if (header.matches()) {
                family = header.group(1);
            }
            families.merge(family == null ? line : family, line + "\n", String::concat);
        }
        return families;
    }
}
