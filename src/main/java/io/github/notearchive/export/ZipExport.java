package io.github.notearchive.export;

import io.github.notearchive.archive.query.NoteSnapshots;
import io.github.notearchive.archive.query.NoteSnapshots.ContentSize;
import io.github.notearchive.archive.query.NoteSnapshots.FileEntry;
import io.github.notearchive.archive.query.NoteSnapshots.NoteSnapshot;
import io.github.notearchive.archive.query.NoteSnapshots.Selection;
import io.github.notearchive.export.ExportOptions.AuthorMode;
import io.github.notearchive.export.ExportOptions.MediaMode;
import io.github.notearchive.export.Table.Column;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.output.ProxyOutputStream;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Sends notes as a ZIP archive with the files of a folder export. Only reads; nothing is written to the disk. */
@Component
public final class ZipExport {

    /** Bytes of a file that are read from the store at a time, and verified before they are sent if they are all. */
    private static final int PART = 8 << 20;

    private static final Duration PRESIGNED = Duration.ofHours(1);

    private final NoteSnapshots notes;
    private final ObjectStore store;

    ZipExport(NoteSnapshots notes, ObjectStore store) {
        this.notes = notes;
        this.store = store;
    }

    /** Returns what notes have; erased notes have nothing. */
    public ContentSize size(Collection<NoteId> ids) {
        try (NoteSnapshot snapshot = notes.open(Selection.all(), ids, null)) {
            return snapshot.size();
        }
    }

    /**
     * Writes an archive, in memory that does not depend on its size. Each note is read when its turn comes: one that
     * was erased meanwhile is absent. A file that the store does not have, or has with other bytes, is named in
     * {@code MISSING.txt}.
     *
     * @throws IOException if the archive is incomplete otherwise; it has no directory then, and no program opens it
     */
    public void write(List<NoteId> ids, OutputStream out) throws IOException {
        ZipOutputStream zip = new ZipOutputStream(out);
        Archive archive = new Archive(store, zip);
        NoteFolders folders = new NoteFolders(archive, ids.size(), false);
        try {
            for (NoteId id : ids) {
                for (ObjectNode row : rows(id)) {
                    folders.add(row);
                }
            }
        } catch (StoreException e) {
            throw new IOException("the store fails", e);
        }
        folders.end();
        if (!archive.missing.isEmpty()) {
            archive.write("MISSING.txt", String.join("\n", archive.missing) + "\n");
        }
        zip.finish();
    }

    /** Returns the row of a note; none if it is erased. */
    private List<ObjectNode> rows(NoteId id) {
        List<Table> tables = Table.all(AuthorMode.KEEP, MediaMode.COPY);
        Table captures = tables.get(1);
        Table table = tables.getFirst()
                .with(new Column(
                        captures.name(), Column.Type.RECORD_LIST, Column.ColumnContent.PLAIN, "", "", captures));
        RowConversion conversion = new RowConversion(null, key -> store.presign(key, PRESIGNED));
        try (NoteSnapshot snapshot = notes.open(Selection.all(), List.of(id), null);
                Stream<String> texts = snapshot.rows(table.query())) {
            return texts.map(text -> (ObjectNode) JsonMapper.shared().readTree(text))
                    .peek(row -> conversion.convert(row, table.columns(), key -> key))
                    .toList();
        }
    }

    private static final class Archive implements NoteFolders.Target {

        private final ObjectStore store;
        private final ZipOutputStream zip;
        private final List<String> missing = new ArrayList<>();

        private Archive(ObjectStore store, ZipOutputStream zip) {
            this.store = store;
            this.zip = zip;
        }

        @Override
        public OutputStream create(String path) throws IOException {
            zip.setLevel(Deflater.DEFAULT_COMPRESSION);
            zip.putNextEntry(new ZipEntry(path));
            return new ProxyOutputStream(zip) {

                @Override
                public void close() throws IOException {
                    zip.closeEntry();
                }
            };
        }

        @Override
        public boolean copy(FileEntry object, String path) throws IOException {
            MessageDigest sha256 = DigestUtils.getSha256Digest();
            byte[] part;
            try {
                part = read(object, 0, sha256);
            } catch (StoreException e) {
                if (!e.absent()) {
                    throw e;
                }
                return isMissing(path, "the store does not have it");
            }
            if (part.length == object.size() && !isWhole(object, sha256)) {
                return isMissing(path, "the store has other bytes");
            }
            zip.setLevel(Deflater.NO_COMPRESSION); // media are compressed already
            zip.putNextEntry(new ZipEntry(path));
            zip.write(part);
            for (long start = part.length; start < object.size(); start += part.length) {
                part = read(object, start, sha256);
                zip.write(part);
            }
            if (object.size() > PART && !isWhole(object, sha256)) {
                throw new IOException("The store has other bytes of " + object.path());
            }
            zip.closeEntry();
            return true;
        }

        private byte[] read(FileEntry object, long start, MessageDigest sha256) {
            int length = Math.toIntExact(Math.min(PART, object.size() - start));
            byte[] part = store.readRange(new ObjectKey(object.path()), start, length, in -> in.readNBytes(length));
            sha256.update(part);
            return part;
        }

        private static boolean isWhole(FileEntry object, MessageDigest sha256) {
            return HexFormat.of().formatHex(sha256.digest()).equals(object.sha256());
        }

        private boolean isMissing(String path, String reason) {
            missing.add(path + ": " + reason);
            return false;
        }
    }
}
