package io.github.notearchive.telemetry;

import static java.nio.charset.StandardCharsets.UTF_8;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import io.github.notearchive.io.text.JsonOutput;
import io.github.notearchive.io.text.Secret;
import io.github.notearchive.telemetry.NotifyProperties.Format;
import io.github.notearchive.telemetry.Receivers.DeliveryException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.time.Instant;
import java.util.Base64;
import java.util.Locale;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Message to the webhook of a chat group, whose body is a template of {@code src/main/jte-text/telemetry}. Feishu and
 * DingTalk sign the time with the secret: the one in the body, the other in the URL.
 *
 * @param content lines of plain text
 */
record ChatMessage(Format format, String content, Secret secret, Instant at) {

    private static final TemplateEngine TEMPLATES = TemplateEngine.createPrecompiled(
            null, ContentType.Plain, ChatMessage.class.getClassLoader(), "io.github.notearchive");

    /** Limit of a text in WeCom, the smallest of all chats, in bytes of UTF-8. */
    private static final int LONGEST = 2048;

    private static final int MAX_REPLY = 4096;

    /** Code of DingTalk and WeCom that asks for a repetition. */
    private static final int BUSY = -1;

    private static final int NONE = Integer.MIN_VALUE;

    byte[] body() {
        JsonOutput json = new JsonOutput();
        TEMPLATES.render("telemetry/" + format.name().toLowerCase(Locale.ROOT) + ".jte", this, json);
        return json.toString().getBytes(UTF_8);
    }

    URI address(URI webhook) {
        return format != Format.DINGTALK || !isSigned()
                ? webhook
                : URI.create("%s%stimestamp=%s&sign=%s"
                        .formatted(
                                webhook,
                                webhook.getRawQuery() == null ? "?" : "&",
                                timestamp(),
                                URLEncoder.encode(signature(), UTF_8)));
    }

    boolean isSigned() {
        return secret.isPresent();
    }

    /** Returns seconds for Feishu, milliseconds for DingTalk. */
    String timestamp() {
        return String.valueOf(format == Format.FEISHU ? at.getEpochSecond() : at.toEpochMilli());
    }

    /**
     * Returns the HMAC of nothing by time and secret for Feishu, that of time and secret by the secret for DingTalk.
     */
    String signature() {
        String signed = timestamp() + "\n" + secret.value();
        byte[] hmac = format == Format.FEISHU ? hmac(signed, "") : hmac(secret.value(), signed);
        return Base64.getEncoder().encodeToString(hmac);
    }

    private static byte[] hmac(String key, String text) {
        return new HmacUtils(HmacAlgorithms.HMAC_SHA_256, key).hmac(text);
    }

    /** Returns the text, in which a title of a note cannot mention people. */
    String text() {
        return format == Format.SLACK
                ? cut(content).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
                : cut(content.replace('<', '＜'));
    }

    private static String cut(String text) {
        CharBuffer rest = CharBuffer.wrap(text);
        UTF_8.newEncoder().encode(rest, ByteBuffer.allocate(LONGEST), true);
        return text.substring(0, rest.position());
    }

    /**
     * Reads the code of a reply, since these chats reject messages with HTTP 200, too. Slack has no code.
     *
     * @throws DeliveryException if the message was not accepted
     */
    void requireAccepted(ClassicHttpResponse response) throws IOException {
        HttpEntity entity = response.getEntity();
        if (format == Format.SLACK || entity == null) {
            return;
        }
        try {
            JsonNode reply = JsonMapper.shared().readTree(entity.getContent().readNBytes(MAX_REPLY));
            int code = reply.path(format == Format.FEISHU ? "code" : "errcode").asInt(NONE);
            if (code != 0) {
                throw new DeliveryException(code == NONE ? "no code in the reply" : "code " + code, code == BUSY);
            }
        } catch (JacksonException _) {
            throw new DeliveryException("no JSON in the reply", false);
        }
    }
}
