using Failback.Messages;

namespace Failback.Saga;

internal sealed class Ask(IRights rights) : IAsk
{
    public bool Allows(Asker asker, string right) => rights.Allows(asker.Roles, right);

    public Task<Asked> AskAsync(object request, Guid key, Asker asker, CancellationToken token) => throw new NotSupportedException();

    public Task<Asked> AskJsonAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<Asked> PostAsync(string message, ReadOnlyMemory<byte> json, Guid key, Asker asker, CancellationToken token) =>
        throw new NotSupportedException();

    public Task<Asked> InspectAsync(Guid entryId, Guid key, Asker asker, CancellationToken token) => throw new NotSupportedException();

    public Task<RequestView?> RequestAsync(Guid key, CancellationToken token) => throw new NotSupportedException();
}
