package io.github.notearchive.telemetry.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A file that node_exporter's textfile collector reads.
 *
 * <p>It is replaced as a whole, so that nobody reads half of it, and everybody may read it. Families of metrics that
 * this process has not measured keep the lines that they had: a run that could not even reach the database does not
 * make anybody forget when the last success was. Processes of one node that write at once do so one after the other.
 */
public final class Textfile implements MetricsExporter {

    private static final Pattern FAMILY = Pattern.compile("# HELP (\\S+).*");
    private static final Pattern NODE = Pattern.compile("[{,]node=\"([^\"]*)\"");
    private static final Pattern OURS = Pattern.compile("(note_archive|spring_batch)_.*");

    private final Path file;
    private final String node;
    private final PrometheusMeterRegistry registry;

    public Textfile(Path file, String node, PrometheusMeterRegistry registry) {
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
    public void export() throws ExportException {
        Path lockFile = file.resolveSibling("." + file.getFileName() + ".lock");
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock _ = channel.lock()) {
            write();
        } catch (OverlappingFileLockException e) {
            throw new ExportException("it is being written by somebody else");
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
        Path draft = file.resolveSibling("." + file.getFileName() + ".tmp");
        try {
            Files.writeString(draft, String.join("", families.values()), UTF_8);
            if (Files.getFileStore(draft).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-r--r--"));
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    /** The families of the file that is there, if they are ours. */
    private Map<String, String> before() throws IOException, ExportException {
        String text = Files.readString(file, UTF_8);
        Map<String, String> families = families(text);
        for (String family : families.keySet()) {
            if (!OURS.matcher(family).matches()) {
                throw new ExportException(
                        "it holds "
                                + family
                                + ", which this program never wrote, and is left alone: name another file in archive.metrics.textfile");
            }
        }
        Matcher owner = NODE.matcher(text);
        if (owner.find() && !owner.group(1).equals(node)) {
            throw new ExportException(
                    "it is the file of node "
                            + owner.group(1)
                            + ", and is left alone: put {node} into archive.metrics.textfile, or delete the file when that node is gone");
        }
        return families;
    }

    /** Each family with all of its lines. */
    static Map<String, String> families(String text) {
        Map<String, String> families = new TreeMap<>();
        @Nullable String family = null;
        for (String line : text.lines().toList()) {
            Matcher begins = FAMILY.matcher(line);
            if (begins.matches()) {
                family = begins.group(1);
            }
            families.merge(family == null ? line : family, line + "\n", String::concat);
        }
        return families;
    }

    @Override
    public void close() {}
}
