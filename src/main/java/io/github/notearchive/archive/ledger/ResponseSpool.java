package io.github.notearchive.archive.ledger;

import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.io.PrivateDirectory;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.CallRecord;
import io.github.notearchive.provider.ProviderReply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Paid answers that the database does not take yet, each in a file of its own, durable once {@link #keep} returns. They
 * are brought into the ledger by the next run that reaches the database.
 *
 * <p>A file is a line of JSON that says which call it answers, and then the exact body. It is readable by its owner
 * only, and appears whole or not at all, after a power cut too. A directory belongs to one process at a time.
 */
public final class ResponseSpool {

    private static final String SUFFIX = ".answer";
    private static final String UNFINISHED = ".part";
    private static final JsonMapper JSON = JsonMapper.shared();

    private final Path directory;

    /** Files in this directory, which is made when the first one is. */
    public ResponseSpool(Path directory) {
        this.directory = directory.toAbsolutePath().normalize();
    }

    /** Whose files these are: the directory has the name of its node. */
    public String node() {
        return directory.getFileName().toString();
    }

    /** How many answers wait in files. */
    public int count() throws IOException {
        return waiting().size();
    }

    /**
     * The files of other nodes in directories beside this one, of those that have any: of nodes that share the data
     * directory, and of nodes that were renamed or removed.
     */
    public List<ResponseSpool> ofOtherNodes() throws IOException {
        List<ResponseSpool> others = new ArrayList<>();
        for (ResponseSpool other : beside()) {
            if (other.mayHoldSome()) {
                others.add(other);
            }
        }
        return others;
    }

    private List<ResponseSpool> beside() throws IOException {
        List<ResponseSpool> others = new ArrayList<>();
        Path parent = directory.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            return others;
        }
        try (DirectoryStream<Path> found =
                Files.newDirectoryStream(parent, path -> Files.isDirectory(path) && !path.equals(directory))) {
            found.forEach(path -> others.add(new ResponseSpool(path)));
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return others;
    }

    /** These files and {@link #ofOtherNodes}, without directories that hold none. */
    public List<ResponseSpool> ofAllNodes() throws IOException {
        List<ResponseSpool> all = new ArrayList<>();
        if (mayHoldSome()) {
            all.add(this);
        }
        all.addAll(ofOtherNodes());
        return all;
    }

    /** How many there are, whose they are, and where; for a person to read. */
    public String summary() {
        String responses;
        try {
            responses = count() + " paid responses";
        } catch (IOException e) {
            responses = "paid responses that this user cannot count";
        }
        return responses + " of node " + node() + " in " + directory;
    }

    private boolean mayHoldSome() throws IOException {
        try {
            return count() > 0;
        } catch (AccessDeniedException e) {
            return true;
        }
    }

    /** Keeps an answer; a repeat replaces it. */
    Path keep(CallRecord call, ProviderReply reply, byte[] answer, Instant receivedAt, Duration took)
            throws IOException {
        PrivateDirectory.make(directory);
        Path file = fileOf(call);
        byte[] head = JSON.writeValueAsBytes(Head.of(call, reply, receivedAt, took));
        AtomicFile.write(
                file,
                UNFINISHED,
                out -> {
                    out.write(head);
                    out.write('\n');
                    out.write(answer);
                },
                AtomicFile.OWNER_ONLY);
        try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
            entries.force(true);
        }
        return file;
    }

    /** Deletes the file of an answer that is written elsewhere by now, if there is one. */
    void forget(CallRecord call) throws IOException {
        Files.deleteIfExists(fileOf(call));
    }

    /**
     * Deletes the answers about these notes, which nobody is to have any more; what a process left behind that was
     * killed while it wrote one, too. Those of other nodes beside them as well.
     *
     * @return how many there were
     */
    public int remove(Collection<NoteId> notes) throws IOException {
        int removed = removeOwn(notes);
        for (ResponseSpool others : beside()) {
            removed += others.removeOwn(notes);
        }
        return removed;
    }

    private int removeOwn(Collection<NoteId> notes) throws IOException {
        int removed = 0;
        for (Path file : files("*" + SUFFIX + "{," + UNFINISHED + "}")) {
            if (notes.stream().anyMatch(note -> isAbout(file, note))) {
                Files.delete(file);
                removed++;
            }
        }
        return removed;
    }

    /** Whether a file holds a response about a note, by its name. */
    static boolean isAbout(Path file, NoteId note) {
        return file.getFileName().toString().contains("-" + note + "-");
    }

    /**
     * The files that wait, oldest call first.
     *
     * @throws IOException when there is a directory that cannot be looked into
     */
    List<Path> waiting() throws IOException {
        return files("*" + SUFFIX);
    }

    private List<Path> files(String glob) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, glob)) {
            found.forEach(files::add);
        } catch (NoSuchFileException e) {
            return files; // nothing was ever kept
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        files.sort(null);
        return files;
    }

    /**
     * Reads a file.
     *
     * @throws IOException also when it is none of ours, or damaged
     */
    static Unwritten read(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        int end = 0;
        while (end < all.length && all[end] != '\n') {
            end++;
        }
        if (end == all.length) {
            throw new IOException("it has no first line");
        }
        try {
            Head head = JSON.readValue(all, 0, end, Head.class);
            var answer = new ByteArrayOutputStream();
            answer.write(all, end + 1, all.length - end - 1);
            return head.with(answer.toByteArray());
        } catch (JacksonException | IllegalArgumentException | NullPointerException e) {
            throw new IOException("its first line does not say which call it answers", e);
        }
    }

    private Path fileOf(CallRecord call) {
        return directory.resolve("%013d-%s-%d%s"
                .formatted(call.sentAt().toEpochMilli(), call.id().value(), call.number(), SUFFIX));
    }

    /** An answer that was read back. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Unwritten(CallRecord call, ProviderReply reply, byte[] answer, Instant receivedAt, Duration took) {}

    /** The first line. */
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

        static Head of(CallRecord call, ProviderReply reply, Instant receivedAt, Duration took) {
            return new Head(
                    call.number(),
                    call.id().value(),
                    call.endpoint().ledgerName(),
                    call.sentAt(),
                    receivedAt,
                    took.toMillis(),
                    reply.code(),
                    reply.httpStatus(),
                    reply.message(),
                    reply.requestId(),
                    reply.billed(),
                    call.refresh());
        }

        Unwritten with(byte[] answer) {
            return new Unwritten(
                    new CallRecord(call, new NoteId(noteId), Endpoint.ofLedgerName(endpoint), sentAt, refresh),
                    new ProviderReply(code, httpStatus, message, requestId, billed),
                    answer,
                    receivedAt,
                    Duration.ofMillis(durationMs));
        }
    }
}
