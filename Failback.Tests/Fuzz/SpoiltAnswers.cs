using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Failback.Recorders;

namespace Failback.Tests;

/// <summary>The other machine: identifies itself, then gives the body with a head that is wrong in one way or not at all.</summary>
internal sealed class SpoiltAnswers(string recorderId, byte head, byte[] body) : HttpMessageHandler
{
    private static readonly int[] Statuses =
    [
        200,
        204,
        206,
        301,
        304,
        400,
        401,
        403,
        404,
        409,
        413,
        416,
        422,
        429,
        431,
        500,
        501,
        503,
        507,
        599,
    ];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken token)
    {
        var isIdentity = request.RequestUri!.AbsolutePath.EndsWith("/identity", StringComparison.Ordinal);
        if (request.Content is { } sent)
            await sent.CopyToAsync(Stream.Null, token);
        var answer = new HttpResponseMessage(HttpStatusCode.OK);
        answer.Content = new ByteArrayContent(isIdentity ? Json(new WireIdentity(recorderId, Proof(request.RequestUri))) : body);
        answer.Headers.TryAddWithoutValidation(Wire.RecorderHeader, recorderId);
        if (!isIdentity && head > 0)
            Spoil(answer, new Random(head << 16 ^ body.Length << 8 ^ body.FirstOrDefault()), request.Headers.Authorization);
        return answer;
    }

    private string Proof(Uri asked) => Wire.Prove(FuzzRun.Canary, recorderId, asked.Query[(asked.Query.IndexOf('=') + 1)..]);

    private void Spoil(HttpResponseMessage answer, Random random, AuthenticationHeaderValue? secret)
    {
        switch (random.Next(7))
        {
            case 0 or 1:
                answer.StatusCode = (HttpStatusCode)Statuses[random.Next(Statuses.Length)];
                break;
            case 2:
                answer.StatusCode = (HttpStatusCode)Statuses[random.Next(5, Statuses.Length)];
                var words = $"{Mutator.NastyText(random)} {secret} {Words}";
                var problem = Json(new Problem("x", "x", random.Next(600), ((RecorderFault)random.Next(16)).ToString(), words));
                answer.Content = new ByteArrayContent(
                    random.Next(2) == 0 ? problem : Mutator.Json(Encoding.UTF8.GetString(problem), random)
                );
                answer.Content.Headers.ContentType = new MediaTypeHeaderValue(Wire.ProblemType);
                break;
            case 3:
                answer.Headers.Remove(Wire.RecorderHeader);
                var other = string.Concat(Mutator.NastyText(random).Where(x => x is >= ' ' and <= '~'));
                answer.Headers.TryAddWithoutValidation(Wire.RecorderHeader, other);
                break;
            case 4:
                answer.Headers.TryAddWithoutValidation(Wire.RecorderHeader, recorderId);
                break;
            case 5:
                answer.Content.Headers.ContentLength = random.NextInt64(0, 1L << 40);
                break;
            default:
                answer.Headers.TryAddWithoutValidation("ETag", random.Next(2) == 0 ? "\"" + new string('0', 64) + "\"" : "W/nonsense");
                break;
        }
    }

    /// <summary>What a recorder says of its trouble may be repeated, cut and without control characters; our secret in it may not.</summary>
    private static readonly string Words = " " + new string('w', 400) + "\r\n\u001b[0m";

    private static byte[] Json<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Wire.Json);
}
