package io.github.notearchive.archive.ledger;

import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.io.PrivateDirectory;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallRecorder.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Directory of paid responses that could not be written to the database, one file each, durable when {@link #write}
 * returns. The next run that reaches the database persists them.
 *
 * <p>A file is a line of JSON that identifies the call, followed by the exact body. It is readable by its owner only
 * and appears completely or not at all, even after a power failure. A directory belongs to one process at a time.
 */
public final class ResponseSpool {

    private static final String SUFFIX = ".answer";
    private static final String PARTIAL_SUFFIX = ".part";
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Path directory;

    /** The directory is created with the first file. */
    public ResponseSpool(Path directory) {
        this.directory = directory.toAbsolutePath().normalize();
    }

    /** Returns the node of these files, which is the name of the directory. */
    public String node() {
        return directory.getFileName().toString();
    }

    /** Returns the number of spooled responses. */
    public int count() throws IOException {
        return spooledFiles().size();
    }

    /**
     * Returns the non-empty spools of other nodes in sibling directories: nodes that share the data directory, and
     * nodes that were renamed or removed.
     */
    List<ResponseSpool> ofOtherNodes() throws IOException {
        return withFiles(siblings());
    }

    /** Returns this spool and {@link #ofOtherNodes}, without empty directories. */
    public List<ResponseSpool> ofAllNodes() throws IOException {
        return withFiles(Stream.concat(Stream.of(this), siblings()));
    }

    private static List<ResponseSpool> withFiles(Stream<ResponseSpool> spools) throws IOException {
        List<ResponseSpool> found = new ArrayList<>();
        for (ResponseSpool each : spools.toList()) {
            try {
                if (each.count() > 0) {
                    found.add(each);
                }
            } catch (AccessDeniedException e) {
                found.add(each); // it may have files
            }
        }
        return found;
    }

    private Stream<ResponseSpool> siblings() throws IOException {
        Path parent = Objects.requireNonNull(directory.getParent());
        return list(parent, path -> Files.isDirectory(path) && !path.equals(directory)).stream()
                .map(ResponseSpool::new);
    }

    /** Returns the wanted entries of a directory in the order of names; none if it does not exist. */
    private static List<Path> list(Path directory, Predicate<Path> wanted) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(wanted).sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of(); // nothing was ever spooled
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Describes count, node and directory for operators. */
    public String summary() {
        String responses;
        try {
            responses = count() + " paid responses";
        } catch (IOException e) {
            responses = "paid responses that this user cannot count";
        }
        return responses + " of node " + node() + " in " + directory;
    }

    /** Writes a response with a body; an existing file of the call is replaced. */
    Path write(ReceivedResponse response) throws IOException {
        byte[] body = Objects.requireNonNull(response.body());
        PrivateDirectory.create(directory);
        Path file = fileOf(response.call());
        byte[] head = JSON.writeValueAsBytes(Head.of(response));
        AtomicFile.write(
                file,
                PARTIAL_SUFFIX,
                out -> {
                    out.write(head);
                    out.write('\n');
                    out.write(body);
                },
                AtomicFile.OWNER_ONLY);
        try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
            entries.force(true);
        }
        return file;
    }

    /** Deletes the file of a call, if there is one. */
    void delete(CallRecord call) throws IOException {
        Files.deleteIfExists(fileOf(call));
    }

    /**
     * Deletes the responses of erased notes, including partial files of killed processes and files of other nodes.
     *
     * @return number of deleted files
     */
    public int remove(Collection<NoteId> notes) throws IOException {
        int removed = 0;
        for (ResponseSpool each : Stream.concat(Stream.of(this), siblings()).toList()) {
            for (Path file : list(each.directory, ResponseSpool::isSpoolFile)) {
                if (notes.stream().anyMatch(note -> isAbout(file, note))) {
                    Files.delete(file);
                    removed++;
                }
            }
        }
        return removed;
    }

    private static boolean isSpoolFile(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(SUFFIX) || name.endsWith(SUFFIX + PARTIAL_SUFFIX);
    }

    /** Returns whether a file holds a response about a note, by its name. */
    static boolean isAbout(Path file, NoteId note) {
        return file.getFileName().toString().contains("-" + note + "-");
    }

    /**
     * Returns the spooled files, oldest call first.
     *
     * @throws IOException if the directory exists and cannot be listed
     */
    List<Path> spooledFiles() throws IOException {
        return list(directory, file -> file.getFileName().toString().endsWith(SUFFIX));
    }

    /**
     * Reads a file.
     *
     * @throws IOException also if the file is damaged or has another format
     */
    static ReceivedResponse read(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        int end = 0;
        while (end < all.length && all[end] != '\n') {
            end++;
        }
        if (end == all.length) {
            throw new IOException("it has no first line");
        }
        try {
            return JSON.readValue(all, 0, end, Head.class).with(Arrays.copyOfRange(all, end + 1, all.length));
        } catch (JacksonException | IllegalArgumentException | NullPointerException e) {
            throw new IOException("its first line does not identify a call", e);
        }
    }

    private Path fileOf(CallRecord call) {
        return directory.resolve("%013d-%s-%d%s"
                .formatted(call.sentAt().toEpochMilli(), call.id().value(), call.number(), SUFFIX));
    }

    /** First line of a file. */
    private record Head(
            long call,
            String noteId,
            String endpoint,
            Instant sentAt,
            Instant receivedAt,
            long durationMs,
            @Nullable Integer code,
            @Nullable Integer httpStatus,
            @Nullable String message,
            @Nullable String requestId,
            Billed billed,
            boolean refresh) {

        static Head of(ReceivedResponse response) {
            CallRecord call = response.call();
            ProviderReply reply = response.reply();
            return new Head(
                    call.number(),
                    call.id().value(),
                    call.endpoint().ledgerName(),
                    call.sentAt(),
                    response.receivedAt(),
                    response.took().toMillis(),
                    reply.code(),
                    reply.httpStatus(),
                    reply.message(),
                    reply.requestId(),
                    reply.billed(),
                    call.refresh());
        }

        ReceivedResponse with(byte[] body) {
            return new ReceivedResponse(
                    new CallRecord(call, new NoteId(noteId), Endpoint.ofLedgerName(endpoint), sentAt, refresh),
                    new ProviderReply(code, httpStatus, message, requestId, billed),
                    body,
                    receivedAt,
                    Duration.ofMillis(durationMs));
        }
    }
}
