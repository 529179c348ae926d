package io.github.notearchive.prove;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ArchiveRevisionFixture;
import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.LogRepository.LogCheckpoint;
import io.github.notearchive.archive.catalog.LogRepository.LogEntry;
import io.github.notearchive.archive.catalog.ProofProperties;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.text.Secret;
import io.github.notearchive.nightly.TableDump;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.prove.CaptureLog.DamagedLogException;
import io.github.notearchive.prove.CaptureLog.LogState;
import io.github.notearchive.prove.CaptureLog.Proof;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.lang3.ArrayUtils;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.dao.OptimisticLockingFailureException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CaptureLogTests {

    private static final Instant NOW = Instant.parse("2026-03-10T04:00:00Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
    private static final JsonNode EMPTY = JsonMapper.shared().createObjectNode();

    private final ArchiveDatabase database = ArchiveDatabase.emptied();
    private final MemoryStore bucket = new MemoryStore();
    private final ProofProperties settings = new ProofProperties(true, new Secret(""), "");
    private final LogRepository rows = new LogRepository(database.jdbc(), database.transactions(), settings, CLOCK);
    private final ArchiveRevision revision = ArchiveRevisionFixture.of(bucket.client, CLOCK, database.transactions());

    @TempDir
    private Path directory;

    private int recorded;

    @AfterEach
    void stop() {
        bucket.close();
        ArchiveDatabase.emptied();
    }

    private static LogState append(CaptureLog log) throws IOException {
        return log.append(() -> {}, new AtomicLong());
    }

    private CaptureLog log() {
        return log(settings, "home");
    }

    private CaptureLog log(ProofProperties proofs, String home) {
        String data = directory.resolve(home).toString();
        return new CaptureLog(
                rows,
                bucket.client,
                revision,
                proofs,
                new ArchiveProperties("main", 1, data, "", List.of(), null, null, null, null),
                database.details());
    }

    private static NoteId note(int number) {
        return new NoteId("66aa%020d".formatted(number));
    }

    static Sidecar sidecar(NoteId note, @Nullable String salt) {
        return new Sidecar(note, NOW, 1, EMPTY, EMPTY, NOW, List.of(), salt, "response".getBytes(UTF_8));
    }

    /** Records entries, each of another note, and stores their sidecars. */
    private void record(int entries) {
        List<LogEntry> all = new ArrayList<>();
        for (int i = 0; i < entries; i++) {
            NoteId note = note(recorded++);
            LogEntry entry = LogEntry.of(note, NOW, sidecar(note, null).record());
            Sidecar sidecar = sidecar(note, entry.salt());
            bucket.objects.put(sidecar.key().value(), sidecar.bytes());
            all.add(entry);
        }
        assertThat(rows.record(all))
                .containsExactlyElementsOf(all.stream().map(LogEntry::salt).toList());
    }

    private LogState appended(int entries) throws IOException {
        record(entries);
        revision.advance();
        return append(log());
    }

    /** Returns the root of the first entries of the tables by the definition. */
    private String root(long size) {
        List<byte[]> entries = rows.entries(0, size);
        assertThat(entries).hasSize((int) size);
        return HexFormat.of().formatHex(TileTreeTests.root(entries));
    }

    private long newest() {
        return database.count("SELECT max(size) FROM log_checkpoint");
    }

    private String checkpoint() {
        return new String(bucket.objects.get("log/checkpoint"), UTF_8);
    }

    private Optional<String> audit() {
        try {
            while (log().auditNext()) {
                assertThat(rows.audited().size()).isPositive();
            }
            return Optional.empty();
        } catch (DamagedLogException e) {
            return Optional.of(e.getMessage());
        }
    }

    private void assertWhole(long size) {
        assertThat(audit()).isEmpty();
        assertThat(database.count("SELECT count(*) FROM log_entry WHERE position IS NOT NULL"))
                .isEqualTo(size);
        assertThat(checkpoint().split("\n")[1]).isEqualTo(Long.toString(size));
        assertThat(Base64.getDecoder().decode(checkpoint().split("\n")[2]))
                .isEqualTo(HexFormat.of().parseHex(root(size)));
    }

    @Test
    void nightsAreAppendedAndTheCheckpointIsSigned() throws IOException {
        assertThat(appended(300)).isEqualTo(new LogState(300, 300, root(300), null));
        assertThat(append(log())).isEqualTo(new LogState(300, 0, root(300), null));
        assertThat(appended(700)).isEqualTo(new LogState(1000, 700, root(1000), null));

        assertWhole(1000);
        assertThat(bucket.objects)
                .containsKeys(
                        "log/tile/0/000",
                        "log/tile/0/001.p/44",
                        "log/tile/entries/003.p/232",
                        "log/tile/1/000.p/3",
                        "log/verifier");
        String origin = "note-archive/" + revision.archiveId().orElseThrow();
        LogKey key = LogKey.find(origin, new Secret(""), directory.resolve("home/log.key"))
                .orElseThrow();
        assertThat(checkpoint()).startsWith(origin + "\n1000\n");
        assertThat(key.sign(rows.published())).isEqualTo(checkpoint());
        assertThat(log().verifier()).contains(key.verifier());
        assertThat(Files.getPosixFilePermissions(directory.resolve("home/log.key")))
                .hasSize(2);
    }

    @Test
    void aCaptureKeepsTheEntryOfARecord() {
        LogEntry first = LogEntry.of(note(1), NOW, "{}");
        LogEntry other = LogEntry.of(note(1), NOW, "{\"files\":[]}");

        assertThat(rows.record(List.of(first, LogEntry.of(note(2), NOW, "{}")))).startsWith(first.salt());
        assertThat(rows.record(List.of(LogEntry.of(note(1), NOW, "{}")))).containsExactly(first.salt());
        assertThat(rows.record(List.of(other, LogEntry.of(note(1), NOW, "{}"))))
                .containsExactly(other.salt(), first.salt());
        assertThat(rows.pending(9)).hasSize(3);
    }

    /** The verifier of golang.org/x/mod/sumdb/note accepts this form; the id is that of the specification. */
    @Test
    void verifierHasTheIdOfTheSpecification() throws IOException {
        String verifier =
                LogKey.create("example.com/log", directory.resolve("key")).verifier();
        String[] parts = verifier.split("\\+", 3);
        byte[] typed = Base64.getDecoder().decode(parts[2]);

        assertThat(typed).hasSize(33).startsWith(1);
        assertThat(parts[1])
                .isEqualTo(DigestUtils.sha256Hex(ArrayUtils.addAll("example.com/log\n".getBytes(UTF_8), typed))
                        .substring(0, 8));
    }

    @Test
    void anAppendThatWasKilledAtAnyUploadIsFinishedWithoutAFork() throws IOException {
        String before = appended(300).root();
        int kills = 0;
        for (int allowed = 0; ; allowed++, kills++) {
            record(270);
            bucket.uploadsLeft.set(allowed);
            try {
                append(log());
                break;
            } catch (StoreException _) {
                // the row of the checkpoint is written
                assertThat(newest()).isGreaterThan(rows.published().size());
            }
            bucket.uploadsLeft.set(Long.MAX_VALUE);
            record(3);
            long size = append(log()).size();
            assertWhole(size);
        }

        assertThat(kills).isGreaterThan(5);
        assertThat(root(300)).isEqualTo(before);
        assertWhole(newest());
    }

    @Test
    void aCheckpointThatIsStoredButNotRecordedIsRecorded() throws IOException {
        String root = appended(300).root();
        database.update("UPDATE log_checkpoint SET signed_text = NULL");

        assertThat(append(log())).isEqualTo(new LogState(300, 0, root, null));
        assertThat(rows.published().size()).isEqualTo(300);
        assertWhole(300);
    }

    @Test
    void aRestoredDumpAdoptsTheLogOfTheBucketBeforeItAppends() throws IOException {
        appended(300);
        record(50);
        TableDump dump = TableDump.of(database.jdbc());
        String root = appended(250).root();
        dump.restore();

        assertThat(appended(20).size()).isEqualTo(620);

        assertThat(root(600)).isEqualTo(root);
        assertThat(database.count("SELECT count(*) FROM log_entry WHERE note_id IS NULL"))
                .isEqualTo(250);
        assertWhole(620);
    }

    /** Entries had positions in the dump that others got afterwards. */
    @Test
    void aDumpOfAnUnfinishedAppendAdoptsTheLogOfTheBucket() throws IOException {
        appended(300);
        bucket.uploadsLeft.set(2);
        record(100);
        assertThatThrownBy(() -> append(log())).isInstanceOf(StoreException.class);
        bucket.uploadsLeft.set(Long.MAX_VALUE);
        TableDump dump = TableDump.of(database.jdbc());
        database.update("DELETE FROM log_entry WHERE position >= 300");
        database.update("DELETE FROM log_checkpoint WHERE size > 300");
        String root = appended(120).root();
        dump.restore();

        assertThat(append(log()).size()).isEqualTo(520);

        assertThat(root(420)).isEqualTo(root);
        assertWhole(520);
    }

    @Test
    void aLostCheckpointIsWrittenAgain() throws IOException {
        appended(600);
        bucket.objects.keySet().removeIf(key -> key.startsWith("log/tile") || key.equals("log/checkpoint"));

        appended(1);

        assertWhole(601);
    }

    @Test
    void aBucketThatContradictsTheTablesIsNotExtended() throws IOException {
        appended(300);
        bucket.objects.get("log/tile/0/001.p/44")[7] ^= 1;
        record(1);
        bucket.uploadsLeft.set(0);

        assertThatThrownBy(() -> append(log()))
                .isInstanceOf(DamagedLogException.class)
                .hasMessageContaining("do not lead to the checkpoint of 300 entries");
        assertThat(log().tryAppend().orElseThrow().problem()).contains("do not lead to");
        assertThat(newest()).isEqualTo(300);
    }

    /** Writes a log of other entries to the bucket, as one who can write there but has not the key. */
    private void replaceLog(int entries, String root) {
        List<byte[]> others = new ArrayList<>();
        for (int i = 0; i < entries; i++) {
            others.add(DigestUtils.sha256("other " + i));
        }
        TileTree tree = TileTree.of(bucket.client, 0).with(others);
        tree.added().forEach((tile, content) -> bucket.objects.put(tile.key().value(), content));
        String own = Base64.getEncoder().encodeToString(tree.root());
        String[] lines =
                bucket.objects.containsKey("log/checkpoint") ? checkpoint().split("\n") : new String[] {"x"};
        String text = lines[0] + "\n" + entries + "\n" + (root.isEmpty() ? own : root) + "\n\n— x AAAA\n";
        bucket.objects.put("log/checkpoint", text.getBytes(UTF_8));
    }

    @Test
    void anotherLogInTheBucketIsNeitherSignedNorExtended() throws IOException {
        appended(300);
        appended(300);
        Map<String, byte[]> complete = Map.copyOf(bucket.objects);
        for (int entries : new int[] {600, 0, 200, 300, 700}) {
            replaceLog(entries, "");
            assertThatThrownBy(() -> append(log())).as("%d entries", entries).isInstanceOf(DamagedLogException.class);
            record(1);
            bucket.uploadsLeft.set(0);
            assertThatThrownBy(() -> append(log())).isInstanceOf(DamagedLogException.class);
            bucket.uploadsLeft.set(Long.MAX_VALUE);
            assertThat(audit()).isPresent();
            assertThat(newest()).isEqualTo(600);
        }
        for (String root : List.of("AAAA", "A".repeat(43))) {
            replaceLog(600, root);
            assertThatThrownBy(() -> append(log())).hasMessageContaining("is not a checkpoint");
        }
        bucket.objects.put(
                "log/checkpoint", checkpoint().replace("\n600\n", "\n-1\n").getBytes(UTF_8));
        assertThatThrownBy(() -> append(log())).hasMessageContaining("is not a checkpoint");

        bucket.objects.putAll(complete);
        assertThat(append(log()).size()).isEqualTo(605);
        assertWhole(605);
    }

    @Test
    void anAppendRequiresTheRootThatItContinuesAndMovesNoEntry() throws IOException {
        appended(3);
        LogCheckpoint last = rows.published();
        List<byte[]> entries = rows.entries(0, 3);
        LogCheckpoint next = new LogCheckpoint(4, "cd".repeat(32), null);

        assertThatThrownBy(() -> rows.append(new LogCheckpoint(3, "ab".repeat(32), null), 0, entries, next))
                .isInstanceOf(OptimisticLockingFailureException.class);
        assertThatThrownBy(() -> rows.append(last, 1, entries, next))
                .isInstanceOf(OptimisticLockingFailureException.class);
        assertThat(newest()).isEqualTo(3);
        rows.append(last, 0, entries, next);
        assertThat(newest()).isEqualTo(4);
    }

    @Test
    void aLostLockEndsAnAppend() {
        record(3);
        revision.advance();

        assertThatThrownBy(() -> log().append(
                                () -> {
                                    throw new IllegalStateException("lost");
                                },
                                new AtomicLong()))
                .hasMessage("lost");
        assertThat(database.count("SELECT count(*) FROM log_checkpoint")).isZero();
    }

    @Test
    void aNodeWithoutTheKeyAdoptsALogOnlyIntoEmptyTables() throws IOException {
        appended(300);
        TableDump dump = TableDump.of(database.jdbc());
        appended(20);
        dump.restore();

        assertThatThrownBy(() -> append(log(settings, "other"))).hasMessageContaining("copy ");
        assertThat(newest()).isEqualTo(300);
        database.update("TRUNCATE log_entry, log_checkpoint");
        assertThat(append(log(settings, "other")).size()).isEqualTo(320);
        assertWhole(320);
    }

    private List<String> signedTexts() {
        return database.jdbc()
                .sql("SELECT signed_text FROM log_checkpoint ORDER BY size")
                .query(String.class)
                .list();
    }

    @Test
    void aLostVerifierIsWrittenAgainByTheKeyOnly() throws IOException {
        appended(10);
        byte[] verifier = bucket.objects.remove("log/verifier");
        record(1);

        assertThatThrownBy(() -> append(log(settings, "other"))).hasMessageContaining("has not the key of the log");
        assertThat(directory.resolve("other/log.key")).doesNotExist();
        assertThat(append(log()).size()).isEqualTo(11);
        assertThat(bucket.objects.get("log/verifier")).isEqualTo(verifier);

        bucket.objects.put("log/verifier", new byte[0]);
        record(1);
        assertThat(append(log(settings, "other")).size()).isEqualTo(12);
        assertThat(directory.resolve("other/log.key")).exists();
        assertThat(bucket.objects.get("log/verifier")).isNotEqualTo(verifier);
        List<String> texts = signedTexts();
        bucket.objects.remove("log/checkpoint");
        append(log(settings, "other"));
        assertThat(signedTexts()).as("none is signed again").isEqualTo(texts);
        assertWhole(12);
    }

    @Test
    void anAuditFindsACheckpointThatTheTablesDoNotHave() throws IOException {
        appended(300);
        TableDump dump = TableDump.of(database.jdbc());
        appended(20);
        dump.restore();

        assertThat(audit()).hasValueSatisfying(text -> assertThat(text).contains("of 320 entries, is not the one"));
    }

    @Test
    void aForgottenNoteLeavesTheLogWhole() throws IOException {
        appended(300);
        record(1);
        byte[] bundle = bucket.objects.get("log/tile/entries/001.p/44");

        assertThat(rows.erase(List.of(note(299), note(300)))).isEqualTo(2);

        assertThat(log().prove(note(299))).isEmpty();
        assertThat(appended(1).size()).isEqualTo(302);
        assertThat(bucket.objects.get("log/tile/entries/001.p/46")).startsWith(bundle);
        assertThat(database.count("SELECT count(*) FROM log_entry WHERE salt IS NULL AND note_id IS NULL"))
                .isEqualTo(2);
        assertWhole(302);
    }

    @Test
    void anAuditFindsChangedObjectsAndRows() throws IOException {
        appended(600);
        for (String key : List.of("log/tile/0/000", "log/tile/entries/001", "log/tile/1/000.p/2")) {
            byte[] object = bucket.objects.get(key);
            object[33] ^= 1;
            assertThat(audit()).as(key).isPresent();
            object[33] ^= 1;
        }
        byte[] last = bucket.objects.remove("log/tile/entries/002.p/88");
        assertThat(audit()).hasValueSatisfying(text -> assertThat(text).contains("002.p/88 is missing"));
        bucket.objects.put("log/tile/entries/002.p/88", last);
        byte[] checkpoint = bucket.objects.get("log/checkpoint").clone();
        bucket.objects.get("log/checkpoint")[checkpoint.length - 4] ^= 2;
        assertThat(audit()).hasValueSatisfying(text -> assertThat(text).contains("is not the one"));
        bucket.objects.put("log/checkpoint", checkpoint);
        database.update("UPDATE log_entry SET entry = sha256('other') WHERE position = 77");
        assertThat(audit()).hasValueSatisfying(text -> assertThat(text).contains("differs from the entries"));
        database.update("DELETE FROM log_entry WHERE position = 77");
        assertThat(audit()).isPresent();
    }

    @Test
    void anAuditStartsAtTheLastAuditedCheckpoint() throws IOException {
        appended(300);
        assertThat(audit()).isEmpty();
        appended(300);
        bucket.objects.get("log/tile/0/000")[1] ^= 1;
        bucket.objects.get("log/tile/entries/002.p/88")[9] ^= 1;

        assertThat(audit()).hasValueSatisfying(text -> assertThat(text).contains("log/tile/entries/002.p/88"));
    }

    @Test
    void aNodeWithoutTheKeyAppendsNothing() throws IOException {
        appended(10);
        record(5);

        assertThatThrownBy(() -> append(log(settings, "other")))
                .hasMessageContaining("other/log.key from the node that has it, or set archive.proof.key");
        LogKey.create("any", directory.resolve("other/log.key"));
        assertThatThrownBy(() -> append(log(settings, "other"))).hasMessageContaining("has not the key of the log");
        assertThat(newest()).isEqualTo(10);

        Secret key = new Secret(Files.readString(directory.resolve("home/log.key")));
        assertThat(append(log(new ProofProperties(true, key, ""), "missing")).size())
                .isEqualTo(15);
        assertWhole(15);
    }

    @Test
    void aKeyWhosePartsDoNotBelongTogetherIsRefused() throws IOException {
        Path file = directory.resolve("key");
        LogKey.create("log", file);
        String[] parts = Files.readString(file).split("\\.");
        LogKey.create("log", directory.resolve("other"));
        byte[] typed = Base64.getDecoder().decode(parts[1]);
        typed[0] = 2;
        for (String publicKey : List.of(
                Files.readString(directory.resolve("other")).split("\\.")[1],
                Base64.getEncoder().encodeToString(typed))) {
            assertThatThrownBy(() -> LogKey.find("log", new Secret(parts[0] + "." + publicKey), file))
                    .hasMessage("archive.proof.key is not a key of the log");
        }
        assertThat(LogKey.find("log", new Secret(""), file)).isPresent();
    }

    @Test
    void aFailureAfterEntriesGotPositionsReportsThem() throws IOException {
        appended(1);
        record(3);
        bucket.uploadsLeft.set(0);

        LogState state = log().tryAppend().orElseThrow();

        assertThat(state.appended()).isEqualTo(3);
        assertThat(state.root()).isNull();
        assertThat(state.problem()).contains("Object store");
    }

    private static String verify(Path proof, String verifier, String... files) throws Exception {
        List<String> command = new ArrayList<>(List.of("python3", "bin/verify-proof", proof.toString(), verifier));
        command.addAll(List.of(files));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return process.waitFor() + " " + output;
    }

    @Test
    void aProofIsVerifiedWithoutTheProgramAndRefusedAfterOneFlippedBit() throws Exception {
        appended(300);
        appended(411);
        String verifier = log().verifier().orElseThrow();
        Path file = Files.writeString(directory.resolve("response"), "response");
        Path proof = directory.resolve("x.tlog-proof");
        for (int number : new int[] {0, 299, 300, 710}) {
            Proof proven = log().prove(note(number)).getFirst();
            Files.writeString(proof, proven.text());

            assertThat(verify(proof, verifier, file.toString()))
                    .startsWith("0 proven: entry " + proven.position() + " of " + (number < 300 ? 300 : 711))
                    .contains("\"noteId\":\"" + note(number) + "\"");
        }
        String complete = Files.readString(proof);
        String line = complete.lines().skip(3).findFirst().orElseThrow();
        // bits that the 32 bytes of a hash leave over
        Files.writeString(proof, complete.replace(line, line.replaceFirst(".=$", (char) (line.charAt(42) + 1) + "=")));
        assertThat(verify(proof, verifier, file.toString())).startsWith("1 not proven: format");
        Files.writeString(proof, complete);
        byte[] bytes = Files.readAllBytes(proof);
        Random random = new Random(3);
        int name = new String(bytes, UTF_8).indexOf("\n\n");
        for (int i = 0; i < 12; i++) {
            byte[] damaged = bytes.clone();
            // within the proof and the text of the checkpoint, every bit matters
            damaged[i < 8 ? random.nextInt(name) : name + 2 + random.nextInt(60)] ^= 1;
            Files.write(proof, damaged);
            assertThat(verify(proof, verifier)).startsWith("1 ").doesNotContain("proven: entry");
        }
        String text = new String(bytes, UTF_8);
        String position = text.split("\n")[2].substring("index ".length());
        for (String prefix : List.of("+", "0", " ", "0_", "०")) {
            String index = prefix + position;
            Files.writeString(proof, text.replace("\nindex " + position + "\n", "\nindex " + index + "\n"));
            assertThat(verify(proof, verifier)).as(index).startsWith("1 ").doesNotContain("proven: entry");
        }
        LogKey own = LogKey.find("another", new Secret(""), directory.resolve("home/log.key"))
                .orElseThrow();
        int signature = text.indexOf("— ");
        byte[] signed =
                Base64.getDecoder().decode(text.substring(signature).strip().split(" ")[2]);
        byte[] id = HexFormat.of().parseHex(own.verifier().split("\\+")[1]);
        System.arraycopy(id, 0, signed, 0, id.length);
        Files.writeString(
                proof,
                text.substring(0, signature) + "— another "
                        + Base64.getEncoder().encodeToString(signed) + "\n");
        assertThat(verify(proof, own.verifier())).startsWith("1 not proven: the key is that of another log");
        Files.write(proof, bytes);
        Files.writeString(file, "other");
        assertThat(verify(proof, verifier, file.toString())).startsWith("1 not proven");
        String other = LogKey.create(verifier.split("\\+")[0], directory.resolve("other"))
                .verifier();
        assertThat(verify(proof, other)).startsWith("1 not proven: the signature");
    }

    private String openssl(Path input, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectInput(input.toFile())
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return process.waitFor() + " " + output;
    }

    @Test
    void aTimeStampIsVerifiedByOpenssl() throws Exception {
        Path nothing = Files.writeString(directory.resolve("nothing"), "");
        Files.writeString(directory.resolve("tsa.cnf"), """
                [req]
                distinguished_name = name
                prompt = no
                x509_extensions = stamping
                [name]
                CN = Test TSA
                [stamping]
                basicConstraints = critical, CA:FALSE
                extendedKeyUsage = critical, timeStamping
                [tsa]
                default_tsa = local
                [local]
                serial = serial
                signer_cert = tsa.pem
                signer_key = tsa.key
                signer_digest = sha256
                default_policy = 1.2.3.4
                digests = sha256
                """);
        assertThat(openssl(
                        nothing,
                        "req",
                        "-x509",
                        "-newkey",
                        "rsa:2048",
                        "-nodes",
                        "-config",
                        "tsa.cnf",
                        "-keyout",
                        "tsa.key",
                        "-out",
                        "tsa.pem"))
                .startsWith("0 ");
        try (ScriptedServer tsa = new ScriptedServer(request -> {
            try {
                Files.write(directory.resolve("query"), request.body());
                assertThat(openssl(
                                nothing, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"))
                        .startsWith("0 ");
                return ScriptedServer.reply(200, Files.readAllBytes(directory.resolve("reply")));
            } catch (Exception e) {
                return ScriptedServer.status(500);
            }
        })) {
            record(9);
            revision.advance();
            ProofProperties stamping = new ProofProperties(true, new Secret(""), tsa.address());
            assertThat(append(log(stamping, "home")).problem()).isNull();
            Proof proof = log().prove(note(4)).getFirst();
            Files.write(directory.resolve("stamp"), proof.stamp());
            Files.writeString(
                    directory.resolve("checkpoint"),
                    proof.text().substring(proof.text().indexOf("\n\n") + 2));

            String[] verify = {"ts", "-verify", "-in", "stamp", "-data", "checkpoint", "-CAfile", "tsa.pem"};
            assertThat(openssl(nothing, verify)).startsWith("0 ");
            Files.writeString(directory.resolve("checkpoint"), "other");
            assertThat(openssl(nothing, verify)).startsWith("1 ");
        }
    }

    /** A service whose response repeats the digest of the request, as a time stamp does, and has a serial number. */
    private static ScriptedServer authority(AtomicLong serial) {
        return new ScriptedServer(request -> ScriptedServer.reply(
                200, ArrayUtils.addAll(request.body(), ("stamp " + serial.incrementAndGet()).getBytes(UTF_8))));
    }

    @Test
    void stampedCheckpointsStayTheSameWhenTheBucketIsRepairedOrTheTablesAreLost() throws IOException {
        AtomicLong serial = new AtomicLong();
        try (ScriptedServer tsa = authority(serial)) {
            CaptureLog stamping = log(new ProofProperties(true, new Secret(""), tsa.address()), "home");
            appended(10);
            for (int night = 0; night < 3; night++) {
                record(10);
                assertThat(append(stamping).problem()).isNull();
            }
            List<Proof> first = stamping.prove(note(3));
            List<Proof> proofs = stamping.prove(note(25));
            assertThat(first.getFirst().stamp()).asString(UTF_8).endsWith("stamp 1");
            assertThat(proofs.getFirst().stamp()).asString(UTF_8).endsWith("stamp 2");
            assertThat(proofs.getFirst().text()).contains("\n30\n");

            byte[] checkpoint = bucket.objects.remove("log/checkpoint");
            append(stamping);
            assertThat(bucket.objects.get("log/checkpoint")).isEqualTo(checkpoint);
            database.update("UPDATE log_checkpoint SET signed_text = NULL WHERE size = 40");
            append(stamping);
            assertThat(serial).hasValue(3);
            database.update("TRUNCATE log_checkpoint");
            database.update("DELETE FROM log_entry WHERE position >= 30");
            database.update("UPDATE log_entry SET position = NULL");
            append(stamping);

            assertThat(stamping.prove(note(3))).usingRecursiveComparison().isEqualTo(first);
            assertThat(stamping.prove(note(25))).usingRecursiveComparison().isEqualTo(proofs);
            assertThat(serial).hasValue(3);
            bucket.objects.keySet().removeIf(key -> key.endsWith(".tsr"));
            assertThat(stamping.prove(note(25)).getFirst().stamp()).isNull();
            bucket.objects.keySet().removeIf(key -> key.startsWith("log/stamps/"));
            assertThat(stamping.prove(note(25)).getFirst().text()).contains("\n40\n");
        }
    }

    @Test
    void aStampThatIsNotGrantedIsAProblemOfTheNightOnly() throws IOException {
        List<Function<ScriptedServer.Request, ScriptedServer.Reply>> answers = new ArrayList<>();
        for (ScriptedServer.Reply reply : List.of(
                ScriptedServer.status(503),
                ScriptedServer.reply(200, HexFormat.of().parseHex("30053003020102")),
                ScriptedServer.reply(200, HexFormat.of().parseHex("30053003020100")),
                ScriptedServer.status(204),
                ScriptedServer.reply(200, new byte[0]))) {
            answers.add(_ -> reply);
        }
        answers.add(request -> ScriptedServer.reply(201, request.body()));
        answers.add(request -> ScriptedServer.reply(200, Arrays.copyOf(request.body(), 1 << 16)));
        for (var answer : answers) {
            try (ScriptedServer tsa = new ScriptedServer(answer)) {
                record(3);
                revision.advance();
                LogState state = append(log(new ProofProperties(true, new Secret(""), tsa.address()), "home"));

                assertThat(state.problem()).contains("has no time stamp");
                assertThat(state.root()).isEqualTo(rows.published().rootSha256());
                assertWhole(state.size());
            }
        }
    }
}
