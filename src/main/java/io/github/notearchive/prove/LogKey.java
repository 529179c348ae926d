package io.github.notearchive.prove;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.archive.catalog.LogRepository.LogCheckpoint;
import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.io.text.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.lang3.ArrayUtils;

/**
 * Ed25519 key that signs the checkpoints of a log as C2SP signed notes.
 *
 * @param origin name of the log and of its key, without blanks
 * @param publicKey a byte for its type, then its 32 bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LogKey(String origin, PrivateKey privateKey, byte[] publicKey) {

    private static final String ALGORITHM = "Ed25519";
    /** Start of a public key in X.509. */
    private static final String X509 = "302a300506032b6570032100";

    private static final byte ED25519 = 1;
    private static final int LENGTH = 33;
    private static final Base64.Encoder BASE64 = Base64.getEncoder();

    /**
     * Returns the key of the setting, or that of the file; empty if there is neither.
     *
     * @throws IOException if the text is not a key; its message does not contain the text
     */
    static Optional<LogKey> find(String origin, Secret setting, Path file) throws IOException {
        if (!setting.isPresent() && !Files.exists(file)) {
            return Optional.empty();
        }
        String text = setting.isPresent() ? setting.value() : Files.readString(file);
        String[] parts = text.strip().split("\\.", 2);
        try {
            var encoded = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(parts[0]));
            byte[] publicKey = Base64.getDecoder().decode(parts[parts.length - 1]);
            LogKey key = new LogKey(origin, KeyFactory.getInstance(ALGORITHM).generatePrivate(encoded), publicKey);
            if (publicKey.length == LENGTH && publicKey[0] == ED25519 && key.isPair()) {
                return Optional.of(key);
            }
        } catch (GeneralSecurityException | IllegalArgumentException _) {
            // its message may contain the key
        }
        throw new IOException((setting.isPresent() ? "archive.proof.key" : file) + " is not a key of the log");
    }

    /** Creates a key and its file, which only its owner can read. */
    static LogKey create(String origin, Path file) throws IOException {
        try {
            KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
            byte[] encoded = pair.getPublic().getEncoded(); // X.509, which ends with the key
            byte[] publicKey = Arrays.copyOfRange(encoded, encoded.length - LENGTH, encoded.length);
            publicKey[0] = ED25519;
            String text =
                    BASE64.encodeToString(pair.getPrivate().getEncoded()) + "." + BASE64.encodeToString(publicKey);
            Files.createDirectories(file.toAbsolutePath().getParent(), AtomicFile.PRIVATE_DIRECTORY);
            AtomicFile.write(file, ".next", out -> out.write(text.getBytes(UTF_8)), AtomicFile.OWNER_ONLY);
            return new LogKey(origin, pair.getPrivate(), publicKey);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte[] id() {
        return Arrays.copyOf(DigestUtils.sha256(ArrayUtils.addAll((origin + "\n").getBytes(UTF_8), publicKey)), 4);
    }

    /** Returns the public key as text, in the form of Go's signed notes. */
    String verifier() {
        return origin + "+" + HexFormat.of().formatHex(id()) + "+" + BASE64.encodeToString(publicKey);
    }

    /** Returns a checkpoint as signed note. The same checkpoint gives the same note. */
    String sign(LogCheckpoint checkpoint) {
        String root = BASE64.encodeToString(HexFormat.of().parseHex(checkpoint.rootSha256()));
        String text = "%s\n%d\n%s\n".formatted(origin, checkpoint.size(), root);
        byte[] signed = ArrayUtils.addAll(id(), signature(text.getBytes(UTF_8)));
        return text + "\n— " + origin + " " + BASE64.encodeToString(signed) + "\n";
    }

    private byte[] signature(byte[] text) {
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(privateKey);
            signature.update(text);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean isPair() throws GeneralSecurityException {
        byte[] encoded = ArrayUtils.addAll(HexFormat.of().parseHex(X509), Arrays.copyOfRange(publicKey, 1, LENGTH));
        Signature signature = Signature.getInstance(ALGORITHM);
        signature.initVerify(KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded)));
        signature.update(publicKey);
        return signature.verify(signature(publicKey));
    }
}
