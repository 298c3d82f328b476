using Failback.Messages;
using Failback.Saga;

namespace Failback.Tests;

/// <summary>Every message that may come from outside has one door, one right, and says who asks only as the door does.</summary>
[Covers("D14")]
public sealed class The_closed_set_of_the_doors
{
    private static readonly Guid Key = Guid.NewGuid();
    private static readonly Asker Anna = new("anna", ["operator"]);

    public static TheoryData<string> Requests => [.. PersonRequests.Contracts.Keys];

    [Fact]
    public void each_message_is_a_persons_or_the_controllers()
    {
        Assert.Equal(Validation.Contracts.Keys.Order(), PersonRequests.Contracts.Keys.Concat(PersonRequests.OfController.Keys).Order());
        Assert.Equal(8, PersonRequests.Contracts.Count);
        Assert.All(PersonRequests.OfController, x => Assert.Null(x.Value.GetProperty("RequestedBy")));
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void a_request_is_made_in_the_name_of_who_asks(string name)
    {
        var request = Sample.Of(PersonRequests.Contracts[name]);
        var before = request.ToString();
        var made = PersonRequests.By(Anna, Key, request);
        Assert.Equal(name, PersonRequests.NameOf(made));
        Assert.Equal((Key, "anna"), (Get("RequestId"), Get("RequestedBy")));
        Assert.Same(Anna.Roles, Get("Roles"));
        Assert.Equal(before, request.ToString());
        Assert.NotEqual("site", PersonRequests.SubjectOf(made));

        object? Get(string member) => made.GetType().GetProperty(member)!.GetValue(made);
    }

    [Fact]
    public void the_right_is_the_one_that_deciding_asks_for()
    {
        var rights = PersonRequests.Contracts.Keys.ToLookup(PersonRequests.RightTo);
        Assert.Equal(["cancel-failback", "manual-failback-requested"], rights[Rights.StartFailback].Order());
        Assert.Equal(["start-data-copy"], rights[CopyRequest.StartRight]);
        Assert.Equal(
            ["cancel-material-copy", "fetch-period-now", "pause-material-copy", "resume-material-copy", "set-copy-limits"],
            rights[CopyRequest.ControlRight].Order()
        );
        Assert.Contains(AskRights.Controller, Rights.All);
    }
}
